//! A JSON object in the place of a form, for the policy switch `json_body`.

use std::fmt::{self, Write as _};

use bytes::Bytes;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::form::{Form, MAX_PARAMETERS};
use crate::json::{Names, Text};
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
    let mut written = Written { form: String::with_capacity(body.len()), parameters: 0 };
    let mut json = serde_json::Deserializer::from_slice(body);
    json.deserialize_map(ObjectVisitor(&mut written)).map_err(|_| malformed())?;
    json.end().map_err(|_| malformed())?;
    Form::parse(Bytes::from(written.form))
}

/// The form as far as it is written. Nothing else is kept of the JSON, whatever it holds.
struct Written {
    form: String,
    parameters: usize,
}

impl Written {
    fn push(&mut self, name: &str, value: &str) {
        // One too many is enough for the form reader to say so.
        if self.parameters > MAX_PARAMETERS {
            return;
        }
        self.parameters += 1;
        if !self.form.is_empty() {
            self.form.push('&');
        }
        encode(&mut self.form, name);
        self.form.push('=');
        encode(&mut self.form, value);
    }
}

struct ObjectVisitor<'w>(&'w mut Written);

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            names.insert(name.clone())?;
            members.next_value_seed(Parameter { written: self.0, name: &name, repeats: true })?;
        }
        Ok(())
    }
}

/// The value of one member, or one element of it.
struct Parameter<'w> {
    written: &'w mut Written,
    name: &'w str,
    /// May it be an array?
    repeats: bool,
}

impl<'de> DeserializeSeed<'de> for Parameter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Parameter<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.written.push(self.name, if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.written.push(self.name, &value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.written.push(self.name, &value.to_string());
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number that is none"))?;
        self.written.push(self.name, &number.to_string());
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.written.push(self.name, value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Parameter { written, name, repeats } = self;
        if !repeats {
            return Err(de::Error::custom("an array in an array"));
        }
        while elements.next_element_seed(Parameter { written, name, repeats: false })?.is_some() {}
        Ok(())
    }
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
