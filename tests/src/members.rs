//! A JSON object written member by member, so that a member can come twice or hold text that is no JSON.

use serde_json::{Map, Value};

/// Members in the order they are written: a name, and the text of its value.
#[derive(Clone, Debug, Default)]
pub struct Members(Vec<(String, String)>);

impl Members {
    /// Sets a member, in place if it is there.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.set_raw(name, &value.into().to_string());
    }

    /// Sets a member to a text that is written as it is.
    pub fn set_raw(&mut self, name: &str, text: &str) {
        match self.0.iter_mut().find(|(candidate, _)| candidate == name) {
            Some((_, value)) => text.clone_into(value),
            None => self.repeat(name, text),
        }
    }

    /// Writes a member at the end, whether or not there is one of this name.
    pub fn repeat(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), text.to_owned()));
    }

    /// Drops every member of this name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(candidate, _)| candidate != name);
    }

    /// The text of the member's value.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// The member's value, if it is a string.
    pub fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// The members without the braces around them.
    pub fn inner(&self) -> String {
        let members = self.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
        members.collect::<Vec<_>>().join(",")
    }

    /// The whole object.
    pub fn to_json(&self) -> String {
        format!("{{{}}}", self.inner())
    }
}

impl From<&Map<String, Value>> for Members {
    fn from(map: &Map<String, Value>) -> Self {
        Members(map.iter().map(|(name, value)| (name.clone(), value.to_string())).collect())
    }
}
