//! The memory that slow hashes are computed in.

use argon2::Block;

/// Memory for hashes that are computed one after the other, kept from one to the next.
///
/// An allocator that is asked for the same 19 MiB over and over need not hand out the same: glibc before 2.38 grew to
/// 230 MiB for a single thread, because blocks of a larger alignment did not find back into the holes that they had left.
#[derive(Default)]
pub(crate) struct HashMemory {
    blocks: Vec<Block>,
}

impl HashMemory {
    /// So many blocks, whatever is in them.
    pub(super) fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            // What is there is not worth copying.
            self.release();
            self.blocks = vec![Block::new(); count];
        }
        self.blocks.get_mut(..count).unwrap_or_default()
    }

    /// Gives back what only an unusually expensive hash needs.
    pub(super) fn trim(&mut self) {
        if self.blocks.len() > MOST_KEPT {
            self.release();
        }
    }

    pub(super) fn release(&mut self) {
        self.blocks = Vec::new();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// 19 MiB, in blocks of 1 KiB: a hash at OWASP's parameters.
const MOST_KEPT: usize = 19 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_is_kept_and_no_more() {
        let mut memory = HashMemory::default();
        assert!(memory.is_empty());
        assert_eq!(memory.blocks(64).len(), 64);
        assert_eq!(memory.blocks(MOST_KEPT).len(), MOST_KEPT);
        memory.trim();
        let at = memory.blocks(8).as_ptr();
        assert_eq!(memory.blocks(MOST_KEPT).as_ptr(), at);
        assert_eq!(memory.blocks(MOST_KEPT + 1).len(), MOST_KEPT + 1);
        memory.trim();
        assert!(memory.is_empty());
    }
}
