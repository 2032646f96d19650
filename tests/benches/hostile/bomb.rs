//! A little gzip that becomes a lot ([RFC 1951](https://www.rfc-editor.org/rfc/rfc1951),
//! [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)).

/// So many octets of the begin of a gzip stream of zeros, 158 times as long when it is decompressed.
pub(crate) fn gzip(octets: usize) -> Vec<u8> {
    let mut bomb = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    let (mut bits, mut count) = (0_u32, 0);
    let mut push = |value: u32, length: u32, bomb: &mut Vec<u8>| {
        bits |= value << count;
        count += length;
        while count >= 8 {
            bomb.push((bits & 0xFF) as u8);
            bits >>= 8;
            count -= 8;
        }
    };
    // Not the last block, with fixed codes; then a zero, code 00110000, the first bit of a code first.
    push(0b010, 3, &mut bomb);
    push(0b0000_1100, 8, &mut bomb);
    while bomb.len() < octets {
        // The last 258 octets again, code 11000101, from a distance of 1, code 00000.
        push(0b1010_0011, 8, &mut bomb);
        push(0, 5, &mut bomb);
    }
    bomb.truncate(octets);
    bomb
}
