//! The drivers of the crates oauth2 and openidconnect, by the first argument. `../README.md` says what is read and
//! written.

mod driver;
mod http;
mod oauth2_driver;
mod openidconnect_driver;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("oauth2") => driver::drive(oauth2_driver::attempt),
        Some("openidconnect") => driver::drive(openidconnect_driver::attempt),
        other => panic!("oauth2 or openidconnect, not {other:?}"),
    }
}
