//! Welch's t, on samples whose slow tail is cropped.

/// Times above which samples are left out: percentiles of all samples together, so that no class loses more than
/// another does.
pub(super) fn crops(times: &[Vec<f64>]) -> Vec<f64> {
    let all = times.concat();
    [0.5, 0.75, 0.9, 0.95, 0.99].map(|part| quantile(&all, part)).into()
}

/// The time below which this part of the samples lies.
pub(super) fn quantile(times: &[f64], part: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

/// The mean of the samples up to a crop.
pub(super) struct Estimate {
    mean: f64,
    /// The square of its standard error.
    pub(super) error: f64,
}

impl Estimate {
    pub(super) fn new(times: &[f64], crop: f64) -> Self {
        let kept: Vec<f64> = times.iter().copied().filter(|time| *time <= crop).collect();
        let count = kept.len() as f64;
        if count < 30.0 {
            // Nearly all of it is beyond the crop: it is nothing like the others.
            return Estimate { mean: f64::INFINITY, error: 0.0 };
        }
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Estimate { mean, error: variance / count }
    }
}

/// Welch's t and the difference of the means, above zero where the first is less.
pub(super) struct Welch {
    pub(super) t: f64,
    pub(super) difference: f64,
}

impl Welch {
    pub(super) fn new(one: &Estimate, other: &Estimate) -> Self {
        let difference = other.mean - one.mean;
        Welch { t: difference / (one.error + other.error).sqrt().max(f64::MIN_POSITIVE), difference }
    }
}
