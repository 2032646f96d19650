//! A key set that a client registers, without what no key is made of.

use serde_json::{Map, Value};

/// Keeps the `keys`, and of each the members that specifications name: any other is to be ignored
/// ([RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4), §5), and an octet of a nested array becomes thirty of
/// memory. What is nested where no key is becomes `null`, so that such a key stays one that cannot be read.
pub(super) fn reduced(mut jwks: Value) -> Value {
    let mut keys = jwks.get_mut("keys").map(Value::take).unwrap_or_default();
    if let Value::Array(keys) = &mut keys {
        keys.iter_mut().for_each(reduce_key);
        keys.shrink_to_fit();
    }
    Value::Object(Map::from_iter([("keys".to_owned(), keys)]))
}

fn reduce_key(key: &mut Value) {
    let Value::Object(members) = key else {
        *key = Value::Null;
        return;
    };
    members.retain(|name, _| MEMBERS.contains(&name.as_str()));
    for value in members.values_mut() {
        let is_flat = match value {
            Value::Array(elements) => {
                elements.len() <= MOST_ELEMENTS && elements.iter().all(Value::is_string)
            }
            Value::Object(_) => false,
            _ => true,
        };
        if !is_flat {
            *value = Value::Null;
        }
    }
}

/// RFC 7517 §4, RFC 7518 §6, RFC 8037 §2, RFC 9964. The private ones too: a set that holds one is refused for it.
const MEMBERS: &[&str] = &[
    "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256", "crv", "x", "y", "n", "e", "pub",
    "d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv",
];

/// Of `key_ops` and `x5c`.
const MOST_ELEMENTS: usize = 16;
