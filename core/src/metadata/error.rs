//! What is wrong with client metadata.

use std::borrow::Cow;
use std::fmt;

/// Metadata that does not make a client: which field, what is wrong, and the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataError {
    field: &'static str,
    problem: Cow<'static, str>,
    cure: Cow<'static, str>,
}

impl MetadataError {
    /// `field problem; cure`: the problem begins with a verb, such as "is empty". The cure says what to do.
    pub fn new(field: &'static str, problem: impl Into<Cow<'static, str>>, cure: impl Into<String>) -> Self {
        MetadataError { field, problem: problem.into(), cure: Cow::Owned(cure.into()) }
    }

    /// The name of the field.
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}; {}", self.field, self.problem, self.cure)
    }
}

impl std::error::Error for MetadataError {}
