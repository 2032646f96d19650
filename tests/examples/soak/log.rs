//! What the operator saw lately, for the report of a wrong answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use countersign::observer::{Decision, Observer};

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<VecDeque<(String, String)>>>);

impl Log {
    /// The newest lines about this client.
    pub(crate) fn about(&self, client_id: &str) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        let about = lines.iter().rev().filter(|(client, _)| client == client_id).take(6);
        about.map(|(_, line)| line.clone()).collect()
    }
}

impl Observer for Log {
    fn decided(&self, decision: &Decision<'_>) {
        let client = decision.client_id.unwrap_or_default().to_owned();
        let mut lines = self.0.lock().unwrap();
        if lines.len() == 500 {
            lines.pop_front();
        }
        lines.push_back((client, decision.to_string()));
    }
}
