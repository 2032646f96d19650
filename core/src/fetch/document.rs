//! From the octets of a response to a key set.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::{FailureKind, FetchError};
use crate::json::{Ignored, Names, Text};
use crate::key::{KeySet, MAX_KEYS};

/// Reads a JWK Set document strictly: UTF-8 without a byte order mark, one JSON value and nothing after it,
/// no member twice at any depth, no deeper than the JSON parser's 128 levels. Its media type is not looked
/// at: many hosts serve key sets as plain text or octets, and nothing is gained by refusing what parses.
///
/// Only what a key can be made of is kept while it is read. JSON is small and what it stands for is not: 64
/// KiB of it can become megabytes.
pub(crate) fn read(octets: &[u8]) -> Result<KeySet, FetchError> {
    let not_a_key_set = |problem: String| FetchError::new(FailureKind::NotAKeySet, problem);
    let mut parser = serde_json::Deserializer::from_slice(octets);
    let document = Document.deserialize(&mut parser).and_then(|document| parser.end().map(|()| document));
    let document = document.map_err(|error| not_a_key_set(error.to_string()))?;
    KeySet::from_jwks(&document).map_err(|error| not_a_key_set(error.to_string()))
}

/// The object around the keys. Its other members are of no use.
struct Document;

impl<'de> DeserializeSeed<'de> for Document {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK Set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut names = Names::default();
        let mut document = Map::new();
        while let Some(Text(name)) = members.next_key()? {
            if name == "keys" {
                document.insert("keys".to_owned(), members.next_value_seed(Part::Keys)?);
            } else {
                members.next_value::<Ignored>()?;
            }
            names.insert(name)?;
        }
        Ok(document.into())
    }
}

/// A part of the document. One that stands where nothing is made of it becomes null.
#[derive(Clone, Copy)]
enum Part {
    Keys,
    Key,
    /// A member of a key: text, or an array of it (`key_ops`, `x5c`).
    Member,
    Element,
}

impl Part {
    /// What an array holds that is read as this part, and how much of it.
    fn elements(self) -> Option<(Part, usize)> {
        match self {
            Part::Keys => Some((Part::Key, MAX_KEYS)),
            Part::Member => Some((Part::Element, MAX_ELEMENTS)),
            Part::Key | Part::Element => None,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let Some((part, most)) = self.elements() else {
            while array.next_element::<Ignored>()?.is_some() {}
            return Ok(Value::Null);
        };
        let mut elements = Vec::new();
        while let Some(element) = array.next_element_seed(part)? {
            if elements.len() == most {
                return Err(A::Error::custom(format_args!("an array of more than {most} elements")));
            }
            elements.push(element);
        }
        Ok(elements.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut names = Names::default();
        let mut members = Map::new();
        while let Some(Text(name)) = object.next_key()? {
            if matches!(self, Part::Key) {
                if members.len() == MAX_MEMBERS {
                    return Err(A::Error::custom(format_args!("a key of more than {MAX_MEMBERS} members")));
                }
                members.insert(name.to_string(), object.next_value_seed(Part::Member)?);
            } else {
                object.next_value::<Ignored>()?;
            }
            names.insert(name)?;
        }
        Ok(if matches!(self, Part::Key) { members.into() } else { Value::Null })
    }
}

/// A key of the specifications has at most a dozen members.
const MAX_MEMBERS: usize = 32;

/// Certificates of one chain are the most there is.
const MAX_ELEMENTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strict_document_is_read() {
        let utf_16: Vec<u8> = r#"{"keys":[]}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let deep = format!("{{\"keys\":[],\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for (octets, fine) in [
            (br#"{"keys":[]}"#.as_slice(), true),
            (b" {\"keys\" : [] }\r\n", true),
            (br#"{"x":{"a":[1,-2,3.5,"",null,true]},"keys":[{"x":{"a":[[]]}},[{}],1,null]}"#, true),
            (b"", false),
            (b"[]", false),
            (b"{}", false),
            (br#"{"keys":{}}"#, false),
            (br#"{"keys":null}"#, false),
            (b"\xEF\xBB\xBF{\"keys\":[]}", false),
            (br#"{"keys":[]} x"#, false),
            (br#"{"keys":[],"keys":[]}"#, false),
            (br#"{"keys":[],"x":{"a":1,"a":2}}"#, false),
            (br#"{"keys":[{"kty":"EC","kty":"RSA"}]}"#, false),
            (br#"{"keys":[{"x":[{"a":1,"a":2}]}]}"#, false),
            (br#"{"keys":[{"kty":"oct","k":"AA"}]}"#, false),
            (br#"{"keys":[{"kty":"EC","d":{}}]}"#, false),
            (b"<html>", false),
            (&utf_16, false),
            (deep.as_bytes(), false),
        ] {
            let read = read(octets);
            assert_eq!(read.is_ok(), fine, "{:?}", String::from_utf8_lossy(octets));
            assert!(read.err().is_none_or(|error| error.kind() == FailureKind::NotAKeySet));
        }
    }

    /// What a key is made of arrives as it was written.
    #[test]
    fn a_key_is_read_as_a_registered_one_is() {
        let document = serde_json::json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "kid": "a\u{e9}\"", "use": "sig", "key_ops": ["verify"],
             "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "ext": true, "exp": 1.5, "other": {"deep": []}},
            {"kty": "OKP", "crv": "Ed25519", "key_ops": ["encrypt"],
             "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
            {"kty": "EC", "crv": "P-256"},
        ]});
        let (read, registered) =
            (read(document.to_string().as_bytes()).unwrap(), KeySet::from_jwks(&document).unwrap());
        assert_eq!(format!("{read:?}"), format!("{registered:?}"));
        assert_eq!(read.keys().count(), 2);
    }

    #[test]
    fn what_no_key_has_is_refused() {
        let members = |count| (0..count).map(|name| format!("\"{name}\":0")).collect::<Vec<_>>().join(",");
        let elements = |count| vec!["0"; count].join(",");
        for (document, fine) in [
            (format!(r#"{{"keys":[{{{}}}]}}"#, members(32)), true),
            (format!(r#"{{"keys":[{{{}}}]}}"#, members(33)), false),
            (format!(r#"{{"keys":[{{"x5c":[{}]}}]}}"#, elements(32)), true),
            (format!(r#"{{"keys":[{{"x5c":[{}]}}]}}"#, elements(33)), false),
            (format!(r#"{{"keys":[{}]}}"#, elements(100)), true),
            (format!(r#"{{"keys":[{}]}}"#, elements(101)), false),
            (format!(r#"{{"keys":[],{}}}"#, members(1000)), true),
        ] {
            assert_eq!(read(document.as_bytes()).is_ok(), fine, "{document}");
        }
    }
}
