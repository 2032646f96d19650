//! The manual: what to do with this library, why its defaults are what they are, and what to expect of it at night.
//!
//! The programs on these pages are compiled by the project's own tests.

#[doc = include_str!("quick_start.md")]
pub mod quick_start {}

#[doc = include_str!("methods.md")]
pub mod methods {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("elsewhere.md")]
pub mod elsewhere {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("migrating.md")]
pub mod migrating {}

#[doc = include_str!("reasons.md")]
pub mod reasons {}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::policy::Policy;
    use crate::reason::{Reason, RefusalKind};

    /// With `WRITE_MANUAL=1` in the environment it is written anew.
    #[test]
    fn every_reason_is_on_its_page() {
        let mut page = String::from(INTRODUCTION);
        for (kind, title) in KINDS {
            let _ = write!(page, "\n# {title}\n\n");
            for reason in Reason::ALL.iter().filter(|reason| reason.kind() == kind) {
                let (code, cause, cure) = (reason.code(), reason.cause(), reason.cure());
                let _ = write!(page, "**`{code}`** {cause}\\\nCure: {cure}\n\n");
            }
        }
        let page = format!("{}\n", page.trim_end());
        if std::env::var_os("WRITE_MANUAL").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/reasons.md"), &page).unwrap();
        }
        assert_eq!(include_str!("reasons.md"), page, "write it with WRITE_MANUAL=1");
        assert!(Reason::ALL.iter().all(|reason| page.contains(reason.code())));
    }

    #[test]
    fn every_switch_is_on_its_page_with_its_default() {
        let page = include_str!("defaults.md");
        let switches = serde_json::to_value(Policy::default()).unwrap();
        for (name, value) in switches.as_object().unwrap() {
            let row = format!("| `{name}` | `{value}` |");
            assert!(page.contains(&row), "{row}");
        }
        for preset in Policy::PRESETS {
            assert!(page.contains(&format!("| `{preset}` |")), "{preset}");
        }
    }

    const INTRODUCTION: &str = "Every reason for which a request is refused, with its cause and its cure.\n\n\
        The caller sees one fixed answer for each kind, the headings below. The code is for the operator: it stands in the \
        event,\nthe log line and the metric, and never changes its meaning. `countersign explain --reason CODE` prints the \
        same text.\n";

    const KINDS: [(RefusalKind, &str); 8] = [
        (RefusalKind::NotAuthenticated, "The client is not authenticated: `invalid_client`, 400 or 401"),
        (RefusalKind::Malformed, "The request is malformed: `invalid_request`, 400"),
        (RefusalKind::UnsupportedMedia, "The body is of another type: `invalid_request`, 400"),
        (RefusalKind::TooLarge, "The request is too large: `invalid_request`, 413"),
        (RefusalKind::WrongVerb, "The verb is not POST: `invalid_request`, 405"),
        (RefusalKind::Throttled, "Too many failures: `invalid_client`, 429"),
        (RefusalKind::DependencyDown, "A dependency cannot answer: `temporarily_unavailable`, 503"),
        (RefusalKind::Bug, "The server is at fault: `server_error`, 500"),
    ];
}
