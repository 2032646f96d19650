//! Key sets behind `jwks_uri`, without a network: what clients publish, and what the server has read of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use countersign::key::KeySet;
use countersign::key_source::{KeySource, KeySourceError};
use serde_json::Value;

/// A key source that reads a set when it is first asked for, and again when the set it has does not do.
#[derive(Clone, Default)]
pub struct RemoteKeys(Arc<Mutex<Sets>>);

#[derive(Default)]
struct Sets {
    published: HashMap<String, Value>,
    read: HashMap<String, Arc<KeySet>>,
}

impl RemoteKeys {
    pub(super) fn new(published: &BTreeMap<String, Value>) -> Self {
        let published = published.iter().map(|(uri, jwks)| (uri.clone(), jwks.clone())).collect();
        RemoteKeys(Arc::new(Mutex::new(Sets { published, read: HashMap::new() })))
    }

    /// A client replaces its set.
    pub fn publish(&self, uri: &str, jwks: &Value) {
        self.0.lock().unwrap().published.insert(uri.to_owned(), jwks.clone());
    }
}

impl Sets {
    fn fetch(&mut self, uri: &str) -> Result<Arc<KeySet>, KeySourceError> {
        let document = self.published.get(uri).ok_or_else(|| KeySourceError::new("nobody answers"))?;
        let set =
            Arc::new(KeySet::from_jwks(document).map_err(|error| KeySourceError::new(error.to_string()))?);
        self.read.insert(uri.to_owned(), Arc::clone(&set));
        Ok(set)
    }
}

impl KeySource for RemoteKeys {
    async fn keys(&self, uri: &str) -> Result<Arc<KeySet>, KeySourceError> {
        let mut sets = self.0.lock().unwrap();
        match sets.read.get(uri) {
            Some(set) => Ok(Arc::clone(set)),
            None => sets.fetch(uri),
        }
    }

    async fn refreshed(&self, uri: &str, _stale: &Arc<KeySet>) -> Result<Arc<KeySet>, KeySourceError> {
        self.0.lock().unwrap().fetch(uri)
    }
}
