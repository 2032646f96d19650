//! Form encoding ([RFC 6749 Appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)).

/// Names and values as one form body.
pub(crate) fn encode<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut body = String::new();
    for (name, value) in parameters {
        if !body.is_empty() {
            body.push('&');
        }
        push(&mut body, name);
        body.push('=');
        push(&mut body, value);
    }
    body
}

/// One name or value.
#[cfg(feature = "cli")]
pub(crate) fn encode_text(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    push(&mut encoded, text);
    encoded
}

fn push(form: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                form.push(char::from(byte))
            }
            b' ' => form.push('+'),
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_appendix_b() {
        assert_eq!(encode_text(" %&+£€"), "+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(encode([("a", "b c"), ("d", "=")]), "a=b+c&d=%3D");
    }
}
