//! Observers that are observers together.

use std::sync::Arc;

use super::{Decision, Observer};
#[cfg(feature = "tracing")]
use crate::endpoint::Endpoint;

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn decided(&self, decision: &Decision<'_>) {
        (**self).decided(decision);
    }

    #[cfg(feature = "tracing")]
    fn span(&self, endpoint: Endpoint) -> ::tracing::Span {
        (**self).span(endpoint)
    }
}

impl<O: Observer + ?Sized> Observer for Box<O> {
    fn decided(&self, decision: &Decision<'_>) {
        (**self).decided(decision);
    }

    #[cfg(feature = "tracing")]
    fn span(&self, endpoint: Endpoint) -> ::tracing::Span {
        (**self).span(endpoint)
    }
}

/// An observer that is there or not, by configuration.
impl<O: Observer> Observer for Option<O> {
    fn decided(&self, decision: &Decision<'_>) {
        self.iter().for_each(|observer| observer.decided(decision));
    }

    #[cfg(feature = "tracing")]
    fn span(&self, endpoint: Endpoint) -> ::tracing::Span {
        first(self.iter().map(|observer| observer.span(endpoint)))
    }
}

/// In their order. Of several spans the first is used.
impl<O: Observer> Observer for Vec<O> {
    fn decided(&self, decision: &Decision<'_>) {
        self.iter().for_each(|observer| observer.decided(decision));
    }

    #[cfg(feature = "tracing")]
    fn span(&self, endpoint: Endpoint) -> ::tracing::Span {
        first(self.iter().map(|observer| observer.span(endpoint)))
    }
}

macro_rules! tuple {
    ($($observer:ident $position:tt),*) => {
        /// In their order. Of several spans the first is used.
        impl<$($observer: Observer),*> Observer for ($($observer,)*) {
            fn decided(&self, decision: &Decision<'_>) {
                $(self.$position.decided(decision);)*
            }

            #[cfg(feature = "tracing")]
            fn span(&self, endpoint: Endpoint) -> ::tracing::Span {
                first([$(&self.$position as &dyn Observer),*].into_iter().map(|observer| observer.span(endpoint)))
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);

#[cfg(feature = "tracing")]
fn first(mut spans: impl Iterator<Item = ::tracing::Span>) -> ::tracing::Span {
    spans.find(|span| !span.is_disabled()).unwrap_or_else(::tracing::Span::none)
}
