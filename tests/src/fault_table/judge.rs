//! What the answers of one stretch of time were.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::credential::{Answer, Credential};

/// Counts answers.
#[derive(Default)]
pub(super) struct Judge {
    /// Of anything wrong, or of anything once too often.
    pub(super) wrong_accepts: AtomicU32,
    to_right: Mutex<BTreeMap<String, u32>>,
    /// Since when an answer may be owed to what was mended meanwhile, and says nothing of what was broken.
    is_mended: AtomicBool,
    /// Right ones that are said to have been used, though they had not been answered before.
    replayed: Mutex<Vec<Arc<Credential>>>,
}

impl Judge {
    /// One that was sent before may have been used up, and then it is right to refuse it.
    pub(super) fn hear(&self, credential: &Arc<Credential>, is_first: bool, answer: &Answer) {
        self.wrong_accepts.fetch_add(answer.is_wrong_accept.into(), Ordering::SeqCst);
        let may_be_late = answer.kind != REPLAYED && self.is_mended.load(Ordering::SeqCst);
        if !credential.is_right() || !is_first || may_be_late {
            return;
        }
        if answer.kind == REPLAYED {
            self.replayed.lock().unwrap().push(Arc::clone(credential));
        } else {
            *self.to_right.lock().unwrap().entry(answer.kind.clone()).or_default() += 1;
        }
    }

    /// Was a right credential answered so?
    pub(super) fn has_heard(&self, kind: &str) -> bool {
        self.to_right.lock().unwrap().contains_key(kind)
    }

    /// What it judges is about to be mended (or broken again), while some of what was sent is still on its way.
    pub(super) fn is_mended(&self, is_mended: bool) {
        self.is_mended.store(is_mended, Ordering::SeqCst);
    }

    /// What right credentials were answered, once all are answered. Where two of the same were on their way, it is right
    /// that one is said to have been used; where none was accepted it is not.
    pub(super) fn to_right(&self) -> BTreeMap<String, u32> {
        let mut answers = self.to_right.lock().unwrap().clone();
        let replayed = self.replayed.lock().unwrap();
        let wrongly = replayed.iter().filter(|credential| !credential.was_accepted()).count();
        if wrongly > 0 {
            answers.insert(REPLAYED.to_owned(), u32::try_from(wrongly).unwrap());
        }
        answers
    }
}

const REPLAYED: &str = "400 replayed";
