//! The corpus in `cases/`, turned into rows.
//!
//! `cases.jsonl` says what is sent, `verdicts.json` says what this server answers. A verdict can also lay fields
//! over a case's `construct`, which is how cases written in prose become requests.

mod case;
mod claims;
mod credentials;
mod placeholder;
mod subject;
mod verdict;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::assertion::Assertion;
use crate::fixtures::fixtures;
use crate::mutate::apply_all;
use crate::row::{Expect, NOW, Proxy, Row, STARTED_AT, Setup, Step};
use crate::scene::{accepted, accepted_with};
use crate::x509;
use case::{Construct, SequenceStep};
use credentials::PROXY;
use placeholder::Context;
use subject::Subject;
use verdict::merge;

pub use case::{Case, cases};
pub use verdict::{Outcome, Tests, Verdict, verdicts};

/// Every row of the corpus: one for each case that makes rows, or for each of its variants.
pub fn corpus_rows() -> Vec<Row> {
    let verdicts = verdicts();
    cases()
        .iter()
        .filter_map(|case| verdicts.get(&case.id).map(|verdict| (case, verdict)))
        .filter(|(_, verdict)| verdict.makes_rows())
        .flat_map(|(case, verdict)| rows_of(case, verdict))
        .collect()
}

fn rows_of(case: &Case, verdict: &Verdict) -> Vec<Row> {
    let mut construct = case.construct.clone();
    merge(&mut construct, &verdict.patch);
    let told_in_words = ["do", "steps"].iter().any(|field| case.construct.get(field).is_some());
    assert!(!told_in_words || !verdict.patch.is_null(), "{}: words need a patch that says the same", case.id);
    let variants = variants(&mut construct);
    for field in ["do", "steps", "data", "note"] {
        construct.as_object_mut().expect("a construct is an object").remove(field);
    }
    for label in verdict.variants.keys() {
        assert!(
            variants.iter().any(|variant| &variant.label == label),
            "{} has no variant {label:?}",
            case.id
        );
    }

    let row = |variant: Variant| {
        let own = verdict.variants.get(&variant.label);
        let mut construct = variant.applied_to(&construct);
        if let Some(own) = own {
            merge(&mut construct, &own.patch);
        }
        let outcome = own.and_then(Verdict::outcome).or_else(|| verdict.outcome());
        let outcome = outcome.unwrap_or_else(|| panic!("{} {}: no verdict", case.id, variant.label));
        Row {
            name: name(case, &variant),
            setup: setup(case, &construct),
            steps: steps(case, &construct, &outcome),
        }
    };
    variants.into_iter().map(row).collect()
}

/// One way to run a case.
struct Variant {
    label: String,
    replaces: &'static str,
    value: Value,
}

impl Variant {
    fn applied_to(&self, construct: &Value) -> Value {
        match self.replaces {
            "endpoint" => {
                let mut construct = construct.clone();
                construct["endpoint"] = self.value.clone();
                construct
            }
            placeholder => substituted(construct, placeholder, &self.value),
        }
    }
}

/// Takes the variants out of a construct; a case without any is its own single variant.
fn variants(construct: &mut Value) -> Vec<Variant> {
    let members = construct.as_object_mut().expect("a construct is an object");
    let variant = |replaces: &'static str| {
        move |value: Value| Variant {
            label: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            replaces,
            value,
        }
    };
    let list = |value: Value| value.as_array().expect("a list").clone();
    if let Some(endpoints) = members.remove("endpoints") {
        return list(endpoints).into_iter().map(variant("endpoint")).collect();
    }
    match members.remove("variants") {
        Some(values) => list(values).into_iter().map(variant("@variant")).collect(),
        None => vec![Variant { label: String::new(), replaces: "@variant", value: Value::Null }],
    }
}

fn substituted(value: &Value, placeholder: &str, replacement: &Value) -> Value {
    match value {
        Value::String(text) if text == placeholder => replacement.clone(),
        Value::String(text) => {
            let replacement = replacement.as_str().unwrap_or_default();
            text.replace(placeholder, replacement).into()
        }
        Value::Array(elements) => {
            elements.iter().map(|element| substituted(element, placeholder, replacement)).collect()
        }
        Value::Object(members) => {
            let substitute = |(name, value): (&String, &Value)| {
                (name.clone(), substituted(value, placeholder, replacement))
            };
            Value::Object(members.iter().map(substitute).collect())
        }
        plain => plain.clone(),
    }
}

fn name(case: &Case, variant: &Variant) -> String {
    let label: String = variant.label.chars().take(60).flat_map(char::escape_default).collect();
    let separator = if label.is_empty() { "" } else { ": " };
    format!("{} {}{separator}{label}", case.id, case.title)
}

fn setup(case: &Case, construct: &Value) -> Setup {
    let strict = json!({"audiences": ["issuer"], "audience_shape": "string_or_single"});
    let (preset, mut policy) = match case.profile.as_str() {
        "fapi2" => ("fapi2", json!({})),
        "strict" => ("default", strict),
        _ => ("default", json!({})),
    };
    merge(&mut policy, construct.get("policy").unwrap_or(&Value::Null));
    let own = Construct::read(construct, &case.id);
    let subject = Subject::of(&own);
    let mutual_tls = case.profile == "mtls" || subject.has_certificate();
    let published = |name: &String| (SELF_SIGNED_SET.to_owned(), key_set(name));
    let first = own.sequence.first().and_then(|step| step.publish.as_ref());
    Setup {
        preset: preset.to_owned(),
        policy,
        clients: clients(case, construct),
        started_at: STARTED_AT,
        anchors: mutual_tls.then(x509::anchors),
        own_anchors: BTreeMap::new(),
        proxy: own.proxy.map(|header| Proxy {
            networks: vec![format!("{PROXY}/32")],
            header,
            forwarded_for: None,
        }),
        key_sets: first.map(published).into_iter().collect(),
    }
}

/// The `jwks_uri` of `c-self-uri`.
const SELF_SIGNED_SET: &str = "https://jwks.client.test/self.json";

/// A key set that holds this certificate.
fn key_set(certificate: &str) -> Value {
    json!({"keys": [x509::jwk(certificate)]})
}

/// The bystanders, the clients that make the requests, and whoever else a case needs.
fn clients(case: &Case, construct: &Value) -> Vec<Value> {
    let own = Construct::read(construct, &case.id);
    let of_steps = own.sequence.iter().map(|step| with_step(&case.id, construct, step));
    let callers: Vec<_> =
        std::iter::once(own.clone()).chain(of_steps).filter_map(|one| Subject::of(&one).metadata).collect();
    let others = own.also.iter().map(|other| match other {
        Value::String(name) => fixtures().client(name).metadata.clone(),
        metadata => metadata.clone(),
    });
    let mut clients = fixtures().bystanders();
    for client in callers.into_iter().chain(others) {
        clients.retain(|known| known["client_id"] != client["client_id"]);
        clients.push(client);
    }
    clients
}

/// The construct of one step.
fn with_step(id: &str, construct: &Value, step: &SequenceStep) -> Construct {
    let mut construct = construct.clone();
    merge(&mut construct, &step.with);
    Construct::read(&construct, id)
}

fn steps(case: &Case, construct: &Value, outcome: &Outcome) -> Vec<Step> {
    let mut sequence = Construct::read(construct, &case.id).sequence;
    if sequence.is_empty() {
        sequence.push(SequenceStep { send: Some("A".to_owned()), ..SequenceStep::default() });
    }
    let accepted = Outcome::Accepted { accept: true };
    let (mut minted, mut now, last) = (BTreeMap::new(), NOW, sequence.len() - 1);
    let step = |(position, step): (usize, &SequenceStep)| {
        if let Some(seconds) = step.advance {
            now += seconds;
            return Step::Advance { seconds };
        }
        if let Some(name) = &step.publish {
            return Step::Publish { uri: SELF_SIGNED_SET.to_owned(), jwks: key_set(name) };
        }
        if let Some(members) = &step.register {
            let subject = Subject::of(&Construct::read(construct, &case.id));
            let mut metadata = subject.metadata.unwrap_or_else(|| panic!("{}: nobody to register", case.id));
            merge(&mut metadata, members);
            return Step::Register { client_id: subject.client_id, metadata: Some(metadata) };
        }
        let own = step.expect.as_ref().unwrap_or(if position == last { outcome } else { &accepted });
        send(&case.id, construct, step, own, now, &mut minted)
    };
    sequence.iter().enumerate().map(step).collect()
}

/// The assertions of a row by their letters, and the tokens that were made of them.
type Minted = BTreeMap<String, (Assertion, String)>;

fn send(
    id: &str,
    construct: &Value,
    step: &SequenceStep,
    outcome: &Outcome,
    now: i64,
    minted: &mut Minted,
) -> Step {
    let construct = with_step(id, construct, step);
    let subject = Subject::of(&construct);
    let context = Context { client_id: subject.client_id.clone(), secret: subject.secret.clone(), now };
    let letter =
        step.send.clone().unwrap_or_else(|| panic!("{id}: a step sends, advances, publishes or registers"));
    let auth = construct.auth.clone().unwrap_or_else(|| subject.auth().to_owned());
    if auth == "assertion" && !minted.contains_key(&letter) {
        let fresh = match &step.from {
            Some(from) => {
                let (assertion, token) =
                    minted.get(from).unwrap_or_else(|| panic!("{id}: {from} was not sent"));
                (assertion.clone(), apply_all(&step.mutate, token.clone(), assertion))
            }
            None => claims::assertion(&construct, &subject, &context),
        };
        minted.insert(letter.clone(), fresh);
    }
    let token = minted.get(&letter).map(|(_, token)| token.as_str());
    let request = credentials::request(&construct, &subject, &context, &auth, token).build();
    let shown = request.peer.certificates.first().map(Vec::as_slice);
    let expect = expect(outcome, &subject, &auth, shown);
    Step::Send { request, expect }
}

fn expect(outcome: &Outcome, subject: &Subject, auth: &str, certificate: Option<&[u8]>) -> Expect {
    let method = subject.method_of(auth);
    match outcome {
        Outcome::Accepted { .. } => match certificate {
            Some(certificate) => accepted_with(&subject.client_id, method, certificate),
            None => accepted(&subject.client_id, method),
        },
        Outcome::Refused { status, error, reason } => {
            Expect::Refused { status: *status, error: error.clone(), reason: reason.clone() }
        }
    }
}

#[cfg(test)]
mod tests;
