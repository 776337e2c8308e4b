//! The monoid of traces: what a sequence of accesses means for the write lead.

use super::range::Range;

/// A sequence of reads of `x` and writes of `y`, in bytes from their starts.
///
/// Invariant: a trace with lead `l` is safe where `x` starts `l` bytes above `y` or more, and so is each part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Trace {
    /// The first byte of `x` that is read; `i64::MAX` if none is.
    read: i64,
    /// The end of the bytes of `y` that are written; `i64::MIN` if none is.
    written: i64,
    /// The largest lead of a write over a later read; `i64::MIN` if no read follows a write.
    lead: i64,
}

impl Trace {
    /// No access: the neutral element.
    pub const NONE: Trace = Trace {
        read: i64::MAX,
        written: i64::MIN,
        lead: i64::MIN,
    };

    /// A read that starts somewhere in a range.
    pub fn read(at: Range) -> Trace {
        Trace {
            read: at.low.max(0),
            ..Trace::NONE
        }
    }

    /// A write of some bytes that starts somewhere in a range, of a buffer of `size` bytes.
    pub fn write(at: Range, bytes: i64, size: i64) -> Trace {
        Trace {
            written: at.high.saturating_add(bytes).min(size),
            ..Trace::NONE
        }
    }

    /// Reads of any byte, and writes of any byte of a buffer of `size` bytes, with a lead that is known.
    pub fn opaque(reads: bool, writes: bool, size: i64, lead: i64) -> Trace {
        Trace {
            read: if reads { 0 } else { i64::MAX },
            written: if writes { size } else { i64::MIN },
            lead: if reads && writes { lead } else { i64::MIN },
        }
    }

    /// This trace, then another one.
    pub fn then(self, next: Trace) -> Trace {
        let across = match (self.written, next.read) {
            (i64::MIN, _) | (_, i64::MAX) => i64::MIN,
            (written, read) => written.saturating_sub(read),
        };
        Trace {
            read: self.read.min(next.read),
            written: self.written.max(next.written),
            lead: self.lead.max(next.lead).max(across),
        }
    }

    /// Either trace.
    pub fn or(self, other: Trace) -> Trace {
        Trace {
            read: self.read.min(other.read),
            written: self.written.max(other.written),
            lead: self.lead.max(other.lead),
        }
    }

    /// Whether it reads, and whether it writes.
    pub fn touches(self) -> (bool, bool) {
        (self.read != i64::MAX, self.written != i64::MIN)
    }

    /// The write lead in bytes.
    pub fn lead(self) -> u64 {
        u64::try_from(self.lead).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(at: i64) -> Trace {
        Trace::read(Range::one(at))
    }

    fn write(at: i64) -> Trace {
        Trace::write(Range::one(at), 1, 1000)
    }

    #[test]
    fn a_write_leads_over_later_reads_only() {
        // An element-wise op: each byte is read before it is written.
        let step = |i| read(i).then(write(i));
        assert_eq!(step(0).then(step(1)).then(step(2)).lead(), 0);
        // Written before it is read: one byte more.
        let step = |i| write(i).then(read(i));
        assert_eq!(step(0).then(step(1)).then(step(2)).lead(), 1);
        // Everything is read first.
        assert_eq!(read(0).then(read(9)).then(write(500)).lead(), 0);
        // Everything is written first.
        assert_eq!(write(9).then(read(3)).lead(), 7);
    }

    #[test]
    fn the_monoid_is_associative_and_has_a_neutral_element() {
        let all = [Trace::NONE, read(3), read(7), write(2), write(9)];
        for a in all {
            assert_eq!((a.then(Trace::NONE), Trace::NONE.then(a)), (a, a));
            for b in all {
                for c in all {
                    assert_eq!(a.then(b).then(c), a.then(b.then(c)));
                }
            }
        }
    }
}
