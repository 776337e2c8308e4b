//! Reads of flatbuffers tables, each checked against the file's end.
//!
//! They are safe on any bytes: on a file that the verifier did not see they return [`OutOfFile`].

use std::ops::Range;

use flatbuffers::VOffsetT;

/// A read past the end of the file, at this byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutOfFile(pub(super) usize);

type Read<T> = Result<T, OutOfFile>;

fn array<const N: usize>(bytes: &[u8], at: usize) -> Read<[u8; N]> {
    at.checked_add(N)
        .and_then(|end| bytes.get(at..end))
        .and_then(|s| s.try_into().ok())
        .ok_or(OutOfFile(at))
}

fn u16_at(bytes: &[u8], at: usize) -> Read<usize> {
    array(bytes, at).map(|b| usize::from(u16::from_le_bytes(b)))
}

fn u32_at(bytes: &[u8], at: usize) -> Read<usize> {
    let value = u32::from_le_bytes(array(bytes, at)?);
    usize::try_from(value).map_err(|_| OutOfFile(at))
}

/// Follows the forward offset stored at `at`.
fn forward(bytes: &[u8], at: usize) -> Read<usize> {
    at.checked_add(u32_at(bytes, at)?).ok_or(OutOfFile(at))
}

/// A table inside a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    vtable: usize,
    vtable_len: usize,
}

impl<'a> Table<'a> {
    /// The root table of a file.
    pub(super) fn root(bytes: &'a [u8]) -> Read<Self> {
        Self::new(bytes, forward(bytes, 0)?)
    }

    fn new(bytes: &'a [u8], at: usize) -> Read<Self> {
        let back = i32::from_le_bytes(array(bytes, at)?);
        let vtable = i64::try_from(at)
            .ok()
            .and_then(|at| usize::try_from(at - i64::from(back)).ok())
            .ok_or(OutOfFile(at))?;
        Ok(Self {
            bytes,
            at,
            vtable,
            vtable_len: u16_at(bytes, vtable)?,
        })
    }

    /// Where the field's value is, or `None` if the table leaves it out.
    fn field(&self, slot: VOffsetT) -> Read<Option<usize>> {
        let slot = usize::from(slot);
        if slot + 2 > self.vtable_len {
            return Ok(None);
        }
        let offset = u16_at(self.bytes, self.vtable + slot)?;
        if offset == 0 {
            return Ok(None);
        }
        self.at
            .checked_add(offset)
            .map(Some)
            .ok_or(OutOfFile(self.at))
    }

    fn scalar<const N: usize, T>(
        &self,
        slot: VOffsetT,
        default: T,
        decode: fn([u8; N]) -> T,
    ) -> Read<T> {
        match self.field(slot)? {
            Some(at) => array(self.bytes, at).map(decode),
            None => Ok(default),
        }
    }

    pub(super) fn u8(&self, slot: VOffsetT, default: u8) -> Read<u8> {
        self.scalar(slot, default, u8::from_le_bytes)
    }

    pub(super) fn i8(&self, slot: VOffsetT, default: i8) -> Read<i8> {
        self.scalar(slot, default, i8::from_le_bytes)
    }

    pub(super) fn bool(&self, slot: VOffsetT, default: bool) -> Read<bool> {
        self.u8(slot, u8::from(default)).map(|v| v != 0)
    }

    pub(super) fn i32(&self, slot: VOffsetT, default: i32) -> Read<i32> {
        self.scalar(slot, default, i32::from_le_bytes)
    }

    pub(super) fn u32(&self, slot: VOffsetT, default: u32) -> Read<u32> {
        self.scalar(slot, default, u32::from_le_bytes)
    }

    pub(super) fn u64(&self, slot: VOffsetT, default: u64) -> Read<u64> {
        self.scalar(slot, default, u64::from_le_bytes)
    }

    pub(super) fn f32(&self, slot: VOffsetT, default: f32) -> Read<f32> {
        self.scalar(slot, default, f32::from_le_bytes)
    }

    /// Where in the file stands what the field refers to, or `None` if the table leaves it out.
    pub(super) fn target(&self, slot: VOffsetT) -> Read<Option<usize>> {
        match self.field(slot)? {
            Some(at) => forward(self.bytes, at).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the table has a field from this slot on.
    pub(super) fn has_fields_from(&self, slot: VOffsetT) -> Read<bool> {
        for slot in (slot..).step_by(2) {
            if usize::from(slot) + 2 > self.vtable_len {
                break;
            }
            if self.field(slot)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The table that the field refers to.
    pub(super) fn table(&self, slot: VOffsetT) -> Read<Option<Table<'a>>> {
        match self.field(slot)? {
            Some(at) => Table::new(self.bytes, forward(self.bytes, at)?).map(Some),
            None => Ok(None),
        }
    }

    /// First byte and length of a vector of elements of `size` bytes, or `None`; the range is inside the file.
    fn vector(&self, slot: VOffsetT, size: usize) -> Read<Option<(Range<usize>, usize)>> {
        let Some(at) = self.field(slot)? else {
            return Ok(None);
        };
        let head = forward(self.bytes, at)?;
        let len = u32_at(self.bytes, head)?;
        let start = head.checked_add(4).ok_or(OutOfFile(head))?;
        let end = len
            .checked_mul(size)
            .and_then(|n| start.checked_add(n))
            .filter(|&end| end <= self.bytes.len())
            .ok_or(OutOfFile(start))?;
        Ok(Some((start..end, len)))
    }

    /// Where a byte vector lies in the file; `None` if the field is left out.
    pub(super) fn byte_range(&self, slot: VOffsetT) -> Read<Option<Range<usize>>> {
        Ok(self.vector(slot, 1)?.map(|(range, _)| range))
    }

    /// The bytes of a string, empty if left out.
    pub(super) fn string(&self, slot: VOffsetT) -> Read<&'a [u8]> {
        let range = self.byte_range(slot)?.unwrap_or(0..0);
        self.bytes.get(range.clone()).ok_or(OutOfFile(range.start))
    }

    fn elements<const N: usize>(
        &self,
        slot: VOffsetT,
    ) -> Read<impl ExactSizeIterator<Item = [u8; N]> + 'a> {
        let range = self.vector(slot, N)?.map_or(0..0, |(range, _)| range);
        let bytes = self
            .bytes
            .get(range.clone())
            .ok_or(OutOfFile(range.start))?;
        Ok(bytes.chunks_exact(N).map(|chunk| {
            let mut element = [0; N];
            element.copy_from_slice(chunk);
            element
        }))
    }

    /// The elements of an `int` vector, none if left out.
    pub(super) fn i32s(&self, slot: VOffsetT) -> Read<impl ExactSizeIterator<Item = i32> + 'a> {
        Ok(self.elements(slot)?.map(i32::from_le_bytes))
    }

    /// The elements of a `long` vector, none if left out.
    pub(super) fn i64s(&self, slot: VOffsetT) -> Read<impl ExactSizeIterator<Item = i64> + 'a> {
        Ok(self.elements(slot)?.map(i64::from_le_bytes))
    }

    /// The elements of a `float` vector, none if left out.
    pub(super) fn f32s(&self, slot: VOffsetT) -> Read<impl ExactSizeIterator<Item = f32> + 'a> {
        Ok(self.elements(slot)?.map(f32::from_le_bytes))
    }

    /// The tables of a vector of tables, none if left out.
    pub(super) fn tables(&self, slot: VOffsetT) -> Read<Tables<'a>> {
        let (range, len) = self.vector(slot, 4)?.unwrap_or((0..0, 0));
        Ok(Tables {
            bytes: self.bytes,
            start: range.start,
            len,
        })
    }
}

/// A vector of tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables<'a> {
    bytes: &'a [u8],
    start: usize,
    len: usize,
}

impl<'a> Tables<'a> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The table at `index`; `index` must be below [`Tables::len`], else this reads out of the vector.
    pub(super) fn get(&self, index: usize) -> Read<Table<'a>> {
        if index >= self.len {
            return Err(OutOfFile(self.start));
        }
        Table::new(self.bytes, forward(self.bytes, self.start + 4 * index)?)
    }

    /// Where each table stands in the file.
    pub(super) fn positions(&self) -> impl Iterator<Item = Read<usize>> + use<'a> {
        let this = *self;
        (0..this.len).map(move |i| forward(this.bytes, this.start + 4 * i))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Read<Table<'a>>> + use<'a> {
        let this = *self;
        (0..this.len).map(move |i| this.get(i))
    }
}
