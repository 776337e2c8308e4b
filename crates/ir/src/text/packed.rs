//! Elements in the hexadecimal strings of `dense`: bits of `i1` are packed, other integers take whole bytes, without padding.

use crate::TypeData;
use std::borrow::Cow;

/// Integers as MLIR's hexadecimal strings hold them: bits of `i1`, the lowest first, else whole bytes, zero above the integer's own bits.
pub(super) fn packed(bytes: &[u8], bits: u32) -> Cow<'_, [u8]> {
    let stored = bits.div_ceil(8).next_power_of_two() as usize;
    if bits == 1 {
        let byte = |b: &[u8]| (0..b.len()).fold(0, |all, i| all | (b[i] & 1) << i);
        bytes.chunks(8).map(byte).collect()
    } else if stored * 8 == bits as usize {
        Cow::Borrowed(bytes)
    } else {
        let wanted = bits.div_ceil(8) as usize;
        let mut all = Vec::with_capacity(bytes.len());
        for e in bytes.chunks_exact(stored) {
            all.extend_from_slice(&e[..wanted]);
            if let (Some(top), 1..) = (all.last_mut(), bits % 8) {
                *top &= (1 << (bits % 8)) - 1;
            }
        }
        Cow::Owned(all)
    }
}

/// Bytes of an element in a hexadecimal string; none for `i1`, whose bits are packed.
pub(super) fn packed_width(elem: &TypeData) -> Option<usize> {
    match elem {
        TypeData::Integer(1) => None,
        TypeData::Integer(bits) => Some(bits.div_ceil(8) as usize),
        TypeData::Float(kind) => Some(kind.width() as usize / 8),
        _ => Some(8),
    }
}

/// So many elements of a hexadecimal string, each in `width` bytes and integers sign-extended; none if it holds another number of them.
pub(super) fn unpacked<'b>(
    bytes: &'b [u8],
    elem: &TypeData,
    width: usize,
    count: u64,
) -> Option<Cow<'b, [u8]>> {
    let Some(packed) = packed_width(elem) else {
        if bytes.len() as u64 != count.div_ceil(8) {
            return None;
        }
        let bits = (0..count as usize).map(|i| bytes[i / 8] >> (i % 8) & 1);
        return Some(bits.collect());
    };
    if bytes.len() as u64 != count.checked_mul(packed as u64)? {
        return None;
    }
    let bits = match elem {
        TypeData::Integer(bits) => *bits,
        _ => return Some(Cow::Borrowed(bytes)),
    };
    if width * 8 == bits as usize {
        return Some(Cow::Borrowed(bytes));
    }
    let mut all = Vec::with_capacity(count as usize * width);
    for e in bytes.chunks_exact(packed) {
        let mut raw = [0; 8];
        raw[..packed].copy_from_slice(e);
        let value = (i64::from_le_bytes(raw) << (64 - bits)) >> (64 - bits);
        all.extend_from_slice(&value.to_le_bytes()[..width]);
    }
    Some(Cow::Owned(all))
}
