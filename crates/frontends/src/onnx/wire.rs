//! A walk over a file's messages before any is decoded: that lengths are true, and that what decoding allocates stays near the file's size.

use super::limits::{MAX_ITEMS, MAX_NUMBERS};

/// What is wrong with a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A tag, number or length is not one, or leaves its message; at this byte.
    Damaged(usize),
    /// There are more messages or texts than the limit.
    Items,
    /// There are more numbers than the limit.
    Numbers,
}

/// The messages that are looked into, named as in [`proto`](super::proto).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    /// Of which only texts and numbers are read.
    Leaf,
}

impl Kind {
    /// The message in a field.
    fn inside(self, field: u64) -> Option<Kind> {
        Some(match (self, field) {
            (Kind::Model, 7) => Kind::Graph,
            (Kind::Model, 8) | (Kind::Graph, 15) | (Kind::Tensor, 13) | (Kind::Shape, 1) => {
                Kind::Leaf
            }
            (Kind::Graph, 1) => Kind::Node,
            (Kind::Graph, 5) | (Kind::Attribute, 5) => Kind::Tensor,
            (Kind::Graph, 11 | 12) => Kind::ValueInfo,
            (Kind::Node, 5) => Kind::Attribute,
            (Kind::ValueInfo, 2) => Kind::Type,
            (Kind::Type, 1) => Kind::TensorType,
            (Kind::TensorType, 2) => Kind::Shape,
            _ => return None,
        })
    }

    /// Whether a field of bytes is a list of numbers.
    fn numbers(self, field: u64) -> bool {
        matches!(
            (self, field),
            (Kind::Tensor, 1 | 4 | 5 | 7) | (Kind::Attribute, 7 | 8)
        )
    }
}

/// Checks a whole file.
pub(super) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let mut walk = Walk {
        bytes,
        items: 0,
        numbers: 0,
    };
    walk.message(Kind::Model, 0, bytes.len())
}

struct Walk<'a> {
    bytes: &'a [u8],
    items: usize,
    numbers: usize,
}

impl Walk<'_> {
    /// Walks the fields of a message; the nesting is that of [`Kind::inside`], which ends.
    fn message(&mut self, kind: Kind, mut at: usize, end: usize) -> Result<(), Fault> {
        while at < end {
            let (tag, behind) = self.varint(at, end)?;
            let field = tag >> 3;
            match tag & 7 {
                0 => at = self.varint(behind, end)?.1,
                1 => at = behind + 8,
                5 => at = behind + 4,
                2 => {
                    let (length, start) = self.varint(behind, end)?;
                    let length = usize::try_from(length).map_err(|_| Fault::Damaged(behind))?;
                    at = start.checked_add(length).ok_or(Fault::Damaged(behind))?;
                    if at > end {
                        return Err(Fault::Damaged(behind));
                    }
                    self.items += 1;
                    if let Some(inside) = kind.inside(field) {
                        self.message(inside, start, at)?;
                    } else if kind.numbers(field) {
                        self.numbers += length;
                    }
                }
                _ => return Err(Fault::Damaged(at)),
            }
            self.numbers += usize::from(tag & 7 != 2);
            if at > end || field == 0 {
                return Err(Fault::Damaged(behind));
            }
            if self.items > MAX_ITEMS {
                return Err(Fault::Items);
            }
            if self.numbers > MAX_NUMBERS {
                return Err(Fault::Numbers);
            }
        }
        Ok(())
    }

    /// A number of seven bits a byte, and where it ends.
    fn varint(&self, start: usize, end: usize) -> Result<(u64, usize), Fault> {
        let mut value = 0u64;
        for (i, &byte) in self.bytes[start..end].iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i).min(63);
            if byte < 0x80 {
                return Ok((value, start + i + 1));
            }
        }
        Err(Fault::Damaged(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&[0x3a, 2, 0x0a, 0]), Ok(()));
        assert_eq!(check(&[0x3a, 3, 0x0a, 0]), Err(Fault::Damaged(1)));
        assert_eq!(check(&[0x3a, 2, 0x0a, 1]), Err(Fault::Damaged(3)));
        assert_eq!(check(&[0x3f]), Err(Fault::Damaged(0)));
        assert_eq!(check(&[0x80; 12]), Err(Fault::Damaged(0)));
        assert_eq!(check(&[0x09, 1]), Err(Fault::Damaged(1)));
    }

    #[test]
    fn messages_are_counted() {
        // As many empty nodes as the limit allows, in a graph; then one more.
        let file = |nodes: usize| {
            let mut graph: Vec<u8> = [0x0a, 0].repeat(nodes);
            let mut bytes = vec![0x3a];
            let mut length = graph.len();
            while length >= 0x80 {
                bytes.push((length & 0x7f | 0x80) as u8);
                length >>= 7;
            }
            bytes.push(length as u8);
            bytes.append(&mut graph);
            bytes
        };
        assert_eq!(check(&file(MAX_ITEMS - 1)), Ok(()));
        assert_eq!(check(&file(MAX_ITEMS)), Err(Fault::Items));
    }
}
