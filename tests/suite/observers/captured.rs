//! What the observers that write elsewhere say: a `tracing` subscriber and a `metrics` recorder that remember.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use metrics::{
    CounterFn, GaugeFn, HistogramFn, Key, KeyName, Metadata as About, Recorder, SharedString, Unit,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};

/// Everything that was said, by whomever.
#[derive(Clone, Default)]
pub(crate) struct Captured {
    told: Arc<Mutex<Vec<Told>>>,
    open: Arc<Mutex<Vec<u64>>>,
    figures: Arc<Mutex<BTreeMap<String, f64>>>,
}

/// One event of `tracing`.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) target: String,
    pub(crate) level: Level,
    /// The fields of the spans it happened in, outermost first, and then its own.
    pub(crate) fields: Vec<(String, String)>,
    /// In how many spans it happened.
    pub(crate) depth: usize,
}

impl Told {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl Captured {
    /// Listens on this thread while `work` is done.
    pub(crate) fn listen<T>(&self, work: impl FnOnce() -> T) -> T {
        // While there is one subscriber only, `tracing` asks the one of the thread that comes first to an event whether
        // anybody wants it. That may be another test's thread, which has none.
        static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));
        LazyLock::force(&ANOTHER);
        let listener = Listener { captured: self.clone(), spans: Mutex::default(), next: AtomicU64::new(1) };
        tracing::subscriber::with_default(listener, || metrics::with_local_recorder(self, work))
    }

    /// The events since the last call.
    pub(crate) fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    /// The figures by name and labels, as `name{label="value"}`.
    pub(crate) fn figures(&self) -> BTreeMap<String, f64> {
        self.figures.lock().unwrap().clone()
    }

    pub(crate) fn forget_figures(&self) {
        self.figures.lock().unwrap().clear();
    }

    /// How many spans are entered.
    pub(crate) fn depth(&self) -> usize {
        self.open.lock().unwrap().len()
    }
}

struct Listener {
    captured: Captured,
    spans: Mutex<BTreeMap<u64, Vec<(String, String)>>>,
    next: AtomicU64,
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Others on this thread have much to say, too.
        metadata.target().starts_with("countersign")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut fields = Fields(vec![("span".to_owned(), span.metadata().name().to_owned())]);
        span.record(&mut fields);
        self.spans.lock().unwrap().insert(id, fields.0);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let open = self.captured.open.lock().unwrap().clone();
        let spans = self.spans.lock().unwrap();
        let mut fields = Fields(open.iter().flat_map(|span| spans[span].clone()).collect());
        event.record(&mut fields);
        self.captured.told.lock().unwrap().push(Told {
            target: event.metadata().target().to_owned(),
            level: *event.metadata().level(),
            fields: fields.0,
            depth: open.len(),
        });
    }

    fn enter(&self, span: &Id) {
        self.captured.open.lock().unwrap().push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        self.captured.open.lock().unwrap().retain(|open| *open != span.into_u64());
    }
}

/// Values as a subscriber would print them that escapes nothing.
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

impl Recorder for Captured {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &About<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(Arc::new(self.figure(key)))
    }

    fn register_gauge(&self, key: &Key, _: &About<'_>) -> metrics::Gauge {
        metrics::Gauge::from_arc(Arc::new(self.figure(key)))
    }

    fn register_histogram(&self, key: &Key, _: &About<'_>) -> metrics::Histogram {
        metrics::Histogram::from_arc(Arc::new(self.figure(key)))
    }
}

impl Captured {
    fn figure(&self, key: &Key) -> Figure {
        let mut name = key.name().to_owned();
        for (position, label) in key.labels().enumerate() {
            let before = if position == 0 { '{' } else { ',' };
            write!(name, "{before}{}=\"{}\"", label.key(), label.value()).unwrap();
        }
        if key.labels().len() > 0 {
            name.push('}');
        }
        Figure { name, figures: Arc::clone(&self.figures) }
    }
}

struct Figure {
    name: String,
    figures: Arc<Mutex<BTreeMap<String, f64>>>,
}

impl Figure {
    fn change(&self, change: impl FnOnce(&mut f64)) {
        let mut figures: MutexGuard<'_, _> = self.figures.lock().unwrap();
        change(figures.entry(self.name.clone()).or_default());
    }
}

impl CounterFn for Figure {
    #[allow(clippy::cast_precision_loss, reason = "counts of a test are small")]
    fn increment(&self, value: u64) {
        self.change(|figure| *figure += value as f64);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of a test are small")]
    fn absolute(&self, value: u64) {
        self.change(|figure| *figure = value as f64);
    }
}

impl GaugeFn for Figure {
    fn increment(&self, value: f64) {
        self.change(|figure| *figure += value);
    }

    fn decrement(&self, value: f64) {
        self.change(|figure| *figure -= value);
    }

    fn set(&self, value: f64) {
        self.change(|figure| *figure = value);
    }
}

impl HistogramFn for Figure {
    fn record(&self, value: f64) {
        self.change(|figure| *figure += value);
    }
}
