//! The fetcher of key sets, against hosts on real sockets. Tests whose names begin with `jwks_` are cases of
//! the corpus.

mod addresses;
mod bed;
mod bounds;
mod certificates;
mod days;
mod decisions;
mod flights;
mod host;
mod hostile;
