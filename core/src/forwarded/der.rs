//! Where a DER SEQUENCE ends (X.690 §8.1.3, §10.1). What is inside it is for whoever reads certificates.

/// The SEQUENCE at the beginning, and what follows it. `None` for anything else, and for lengths that only BER has:
/// indefinite, or in more octets than are needed.
pub(super) fn split_sequence(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let [SEQUENCE, first, rest @ ..] = octets else { return None };
    let (length, header) = match (first, rest) {
        (0..=0x7f, _) => (usize::from(*first), 2),
        (0x81, [low, ..]) if *low >= 0x80 => (usize::from(*low), 3),
        (0x82, [high, low, ..]) if *high != 0 => (usize::from(u16::from_be_bytes([*high, *low])), 4),
        // Longer ones do not fit into a header field.
        _ => return None,
    };
    octets.split_at_checked(header + length)
}

/// One SEQUENCE and nothing after it.
pub(super) fn is_one_sequence(octets: &[u8]) -> bool {
    matches!(split_sequence(octets), Some((_, [])))
}

const SEQUENCE: u8 = 0x30;

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(length: &[u8], content: usize) -> Vec<u8> {
        [&[SEQUENCE], length, &vec![7; content]].concat()
    }

    #[test]
    fn each_form_of_a_length() {
        for (length, content) in [
            (&[0x00][..], 0),
            (&[0x01], 1),
            (&[0x7f], 0x7f),
            (&[0x81, 0x80], 0x80),
            (&[0x81, 0xff], 0xff),
            (&[0x82, 0x01, 0x00], 0x100),
            (&[0x82, 0xff, 0xff], 0xffff),
        ] {
            let octets = sequence(length, content);
            assert!(is_one_sequence(&octets), "{length:x?}");
            assert!(!is_one_sequence(&octets[..octets.len() - 1]), "{length:x?} cut off");
            let trailing = [&octets[..], &[0]].concat();
            assert!(!is_one_sequence(&trailing), "{length:x?} with an octet behind");
            assert_eq!(split_sequence(&trailing), Some((&octets[..], &[0][..])));
        }
    }

    #[test]
    fn lengths_that_der_does_not_have() {
        for (length, content) in [
            (&[0x80][..], 2),
            (&[0x81, 0x7f], 0x7f),
            (&[0x82, 0x00, 0xff], 0xff),
            (&[0x83, 0x00, 0x01, 0x00], 0x100),
            (&[0x84, 0x00, 0x00, 0x00, 0x01], 1),
            (&[0xff], 2),
            (&[0x81], 0),
            (&[0x82, 0x01], 0),
        ] {
            assert_eq!(split_sequence(&sequence(length, content)), None, "{length:x?}");
        }
        // Indefinite, properly ended.
        assert_eq!(split_sequence(&[SEQUENCE, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00]), None);
    }

    #[test]
    fn no_other_type() {
        for octets in [&[][..], &[SEQUENCE], &[0x31, 0x00], &[0x04, 0x00], &[0x10, 0x00], b"-----BEGIN"] {
            assert_eq!(split_sequence(octets), None);
        }
    }
}
