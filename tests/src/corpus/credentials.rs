//! From a construct to a request: carriers, form and transport.

use super::case::Construct;
use super::placeholder::Context;
use super::subject::Subject;
use crate::encoding::{basic_pair, from_hex};
use crate::request::{Request, encode};
use crate::row::Endpoint;

/// The address of the trusted proxy.
pub(super) const PROXY: &str = "192.0.2.80";

/// The request of one step; `token` is its assertion if it has one.
pub(super) fn request(
    construct: &Construct,
    subject: &Subject,
    context: &Context,
    auth: &str,
    token: Option<&str>,
) -> Request {
    let endpoint = construct.endpoint.as_deref().map_or(Endpoint::Token, Endpoint::of_case);
    let request = Request::to(endpoint);
    let request = match auth {
        "basic" => with_authorization(request, construct, subject, context),
        "post" => request.post(&subject.client_id, &secret(construct, context)),
        "assertion" => request.assertion(token.expect("an assertion was minted")),
        "mtls" => request.field("client_id", &subject.client_id),
        "id" if !subject.client_id.is_empty() => request.field("client_id", &subject.client_id),
        "id" | "none" => request,
        other => panic!("no way of authenticating is called {other:?}"),
    };
    let request = request.certificates(subject.chain(construct, auth));
    let request = if construct.proxy.is_some() { request.from(PROXY) } else { request };
    with_transport(with_form(request, construct, context), construct, context)
}

fn with_authorization(
    request: Request,
    construct: &Construct,
    subject: &Subject,
    context: &Context,
) -> Request {
    if !construct.headers_dup.is_empty() {
        return construct
            .headers_dup
            .iter()
            .fold(request, |request, value| request.authorization(context.text(value)));
    }
    if let Some(value) = &construct.raw_authorization {
        return request.authorization(context.text(value));
    }
    if let Some(pair) = &construct.raw_basic {
        return request.authorization(basic_pair(context.text(pair)));
    }
    if let Some(pair) = &construct.raw_basic_hex {
        return request.authorization(basic_pair(from_hex(pair)));
    }
    let client_id = construct.client_id.as_deref().unwrap_or(&subject.client_id);
    request.basic(client_id, &secret(construct, context))
}

fn secret(construct: &Construct, context: &Context) -> String {
    context.text(construct.secret.as_deref().unwrap_or("@secret"))
}

fn with_form(mut request: Request, construct: &Construct, context: &Context) -> Request {
    for (name, value) in &construct.form {
        request = request.set(name, &context.parameter(value));
    }
    for (name, value) in &construct.form_dup {
        let first = request.value(name).map(str::to_owned);
        if first.is_none() {
            request = request.field(name, "https://a");
        }
        let first = first.unwrap_or_default();
        request = match value.as_str() {
            "same" => request.field(name, &first),
            "other" => request.field(name, &format!("{first}-other")),
            literal => request.field(name, literal),
        };
    }
    construct.form_remove.iter().fold(request, |request, name| request.remove(name))
}

fn with_transport(mut request: Request, construct: &Construct, context: &Context) -> Request {
    for (name, value) in &construct.headers {
        request = request.header(name, context.text(value));
    }
    if let Some(verb) = &construct.http_method {
        request = request.verb(verb);
    }
    if let Some(media_type) = &construct.content_type {
        request = request.content_type(media_type);
    }
    if let Some(encoding) = &construct.content_encoding {
        // The library refuses by this field alone, so that the body need not really be compressed.
        let coding = encoding.split('-').next().unwrap_or_default();
        request = request.header("Content-Encoding", coding);
    }
    if let Some(body) = &construct.raw_form {
        request = request.body(context.text(body));
    }
    if construct.query.is_empty() {
        return request;
    }
    let query: Vec<_> =
        construct.query.iter().map(|(name, value)| (name, context.parameter(value))).collect();
    request.query(&encode(&query))
}
