//! A person's browser at the authorization endpoint.

use crate::Outcome;
use crate::http::{Answer, Connection};

/// Visits, fills the log-in form in as `alice`, and sends it: what then comes.
pub(crate) fn log_in(connection: &mut Connection, visit: &str, password: &str) -> Outcome<Answer> {
    let page = connection.send("GET", visit, &[], "")?;
    fill_in(connection, &page, password)
}

/// Fills the form of this page in, and sends it.
pub(crate) fn fill_in(connection: &mut Connection, page: &Answer, password: &str) -> Outcome<Answer> {
    let cookie = page.field("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.ok_or_else(|| format!("no cookie: {page:?}"))?;
    let sealed = page.body.split_once("name=\"request\" value=\"").ok_or("no form")?.1;
    let sealed = sealed.split('"').next().unwrap_or_default();
    let form = format!("request={sealed}&username=alice&password={}", encoded(password));
    let fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie)];
    connection.send("POST", "/authorize", &fields, &form)
}

/// A parameter of the URL that the browser is sent to, still encoded.
pub(crate) fn of_redirection<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let (_, query) = answer.field("location")?.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Enough for what is sent here.
pub(crate) fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A").replace('/', "%2F").replace('?', "%3F").replace(' ', "+")
}
