//! What a server says of itself: no more and no less than it enforces, well-formed, and the same from every adapter.

mod document;
mod enforced;
mod pairs;
mod served;
