//! Any octets as a form. What our reader accepts, the common reader reads alike, and no name comes twice but the two
//! that may. What an encoder could have written is accepted.
#![no_main]

use std::collections::HashSet;

use bytes::Bytes;
use countersign::form::{Form, MAX_PARAMETERS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let theirs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let mut names = HashSet::new();
    let each_once =
        theirs.iter().all(|(name, _)| names.insert(&**name) || matches!(&**name, "resource" | "audience"));

    let Ok(form) = Form::parse(Bytes::copy_from_slice(body)) else {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&theirs).finish();
        let could_be_read = encoded.as_bytes() == body && each_once && theirs.len() <= MAX_PARAMETERS;
        assert!(!could_be_read, "a well-formed form is refused");
        return;
    };
    assert!(each_once, "a name comes twice");
    let theirs: Vec<(String, String)> = theirs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let ours: Vec<(String, String)> =
        form.iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    assert_eq!(ours, theirs);
    for (name, _) in &theirs {
        let values = theirs.iter().filter(|(candidate, _)| candidate == name).map(|(_, value)| &**value);
        assert!(form.get_all(name).eq(values), "another value by name than in order");
    }
});
