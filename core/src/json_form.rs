//! A JSON object in the place of a form, for the policy switch `json_body`.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::form::Form;
use crate::json::Ignored;
use crate::reason::Reason;
use crate::refusal::Failure;

/// Reads a JSON object as the form it stands for: strings, numbers and booleans are values, `null` is absent, an array
/// is a parameter that repeats.
///
/// It is written out as a form and read by the one form reader, so that the same limits and the same rules hold.
///
/// # Errors
/// [`Reason::MalformedForm`] for anything but an object with unique members, and for objects inside; otherwise those
/// of [`Form::parse`].
pub(crate) fn parse(body: &[u8]) -> Result<Form, Failure> {
    if body.is_empty() {
        return Ok(Form::default());
    }
    serde_json::from_slice::<Ignored>(body).map_err(|_| malformed())?;
    let members: Map<String, Value> = serde_json::from_slice(body).map_err(|_| malformed())?;
    let mut form = String::with_capacity(body.len());
    for (name, value) in &members {
        match value {
            Value::Array(values) => {
                for value in values {
                    push(&mut form, name, value)?;
                }
            }
            value => push(&mut form, name, value)?,
        }
    }
    Form::parse(Bytes::from(form))
}

fn push(form: &mut String, name: &str, value: &Value) -> Result<(), Failure> {
    let number;
    let text = match value {
        Value::Null => return Ok(()),
        Value::String(text) => text.as_str(),
        Value::Number(_) | Value::Bool(_) => {
            number = value.to_string();
            &number
        }
        Value::Array(_) | Value::Object(_) => return Err(malformed()),
    };
    if !form.is_empty() {
        form.push('&');
    }
    encode(form, name);
    form.push('=');
    encode(form, text);
    Ok(())
}

fn encode(form: &mut String, text: &str) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            form.push(char::from(octet));
        } else {
            let _ = write!(form, "%{octet:02X}");
        }
    }
}

fn malformed() -> Failure {
    Failure::new(Reason::MalformedForm)
        .expected("a JSON object with unique members of plain values")
        .got("something else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_reads_as_the_form_it_stands_for() {
        let form =
            parse(br#"{"grant_type":"client_credentials","n":1,"b":true,"z":null,"e":"a&b=%+\u00e9"}"#)
                .unwrap();
        let get = |name: &str| form.get(name).map(std::borrow::Cow::into_owned);
        assert_eq!(get("grant_type").as_deref(), Some("client_credentials"));
        assert_eq!(get("n").as_deref(), Some("1"));
        assert_eq!(get("b").as_deref(), Some("true"));
        assert_eq!(get("z"), None);
        assert_eq!(get("e").as_deref(), Some("a&b=%+\u{e9}"));
    }

    #[test]
    fn anything_else_is_refused() {
        for body in [r#"[]"#, r#""x""#, r#"{"a":{}}"#, r#"{"a":1,"a":2}"#, r#"{"a":[[]]}"#, "{"] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
        assert_eq!(parse(br#"{"client_id":["a","b"]}"#).unwrap_err().reason(), Reason::DuplicateParameter);
    }
}
