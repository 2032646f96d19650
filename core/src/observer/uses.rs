//! How often and when last, by client: bounded, for observers that keep uses.

use std::collections::HashMap;
use std::time::SystemTime;

/// Uses of whatever `K` names, of each client.
pub(crate) struct Uses<K> {
    by_client: HashMap<Box<str>, Vec<(K, Use)>>,
    count: usize,
    most: usize,
    is_complete: bool,
}

/// The uses of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    pub(crate) times: u64,
    pub(crate) last: SystemTime,
}

impl<K> Uses<K> {
    /// Room for this many things, over all clients.
    pub(crate) fn with_capacity(most: usize) -> Self {
        Uses { by_client: HashMap::new(), count: 0, most, is_complete: true }
    }

    /// One more use of what is so, and made so where it is new. What there is no room for is not kept.
    pub(crate) fn note(
        &mut self,
        client_id: &str,
        at: SystemTime,
        is_so: impl Fn(&K) -> bool,
        new: impl FnOnce() -> K,
    ) {
        let known = self.by_client.get_mut(client_id);
        let known = known.and_then(|uses| uses.iter_mut().find(|(key, _)| is_so(key)));
        if let Some((_, known)) = known {
            known.times = known.times.saturating_add(1);
            // The clock may have been set back.
            known.last = known.last.max(at);
        } else if self.count < self.most {
            self.count += 1;
            let uses = self.by_client.entry(client_id.into()).or_default();
            uses.push((new(), Use { times: 1, last: at }));
        } else {
            self.is_complete = false;
        }
    }

    /// The client's, in the order of their first use.
    pub(crate) fn of(&self, client_id: &str) -> &[(K, Use)] {
        self.by_client.get(client_id).map_or(&[], Vec::as_slice)
    }

    /// Things that are kept.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Was there room for everything?
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }
}
