//! The bytes in front of a file that make it another one.
//!
//! References in a flatbuffer point forward, as distances. So a new root table, with new lists of buffers and of metadata,
//! can stand in front of the old bytes and refer to everything in them that stays; the old root is referred to no more. The
//! front's length is a multiple of the largest alignment, which keeps that of every old byte.

use super::super::table::{OutOfFile, Table};
use super::super::{codes, schema};
use super::METADATA_NAME;
use crate::finding::{CONVERT_AGAIN, Finding};

/// Alignment of a buffer's data, the largest of the format.
const DATA_ALIGNMENT: usize = 16;
/// Fields of `Model` that refer to something, beside the lists of buffers and of metadata.
const KEPT: [flatbuffers::VOffsetT; 5] = [
    schema::model::OPERATOR_CODES,
    schema::model::SUBGRAPHS,
    schema::model::DESCRIPTION,
    schema::model::METADATA_BUFFER,
    schema::model::SIGNATURE_DEFS,
];

/// The front for the verified file `old`: its own content, and `plan` as the contents of a further buffer.
pub(super) fn in_front(old: &[u8], plan: &[i32]) -> Result<Vec<u8>, Finding> {
    front(old, plan).unwrap_or_else(|OutOfFile(at)| {
        let message = format!("the value at byte {at} lies outside the file");
        Err(Finding::new(codes::DAMAGED, message, CONVERT_AGAIN))
    })
}

fn front(old: &[u8], plan: &[i32]) -> Result<Result<Vec<u8>, Finding>, OutOfFile> {
    use schema::model as f;
    let root = Table::root(old)?;
    let buffers = root.tables(f::BUFFERS)?;
    if buffers.len() == 0 {
        // A tensor without data names buffer 0.
        return Ok(Err(unfit("it has no list of buffers")));
    }
    for buffer in buffers.iter() {
        // Data behind the flatbuffer are found by their distance from the start of the file, which changes.
        if buffer?.u64(schema::buffer::OFFSET, 0)? > 1 {
            return Ok(Err(unfit("a constant's data lie behind the flatbuffer")));
        }
    }
    if root.has_fields_from(f::NEWER)? {
        return Ok(Err(unfit("it has fields of a newer schema")));
    }
    let mut metadata = Vec::new();
    let entries = root.tables(f::METADATA)?;
    for (entry, at) in entries.iter().zip(entries.positions()) {
        if entry?.string(schema::metadata::NAME)? != METADATA_NAME.as_bytes() {
            metadata.push(at?);
        }
    }
    let mut new = Front::default();
    let fields = [KEPT.as_slice(), &[f::BUFFERS, f::METADATA]].concat();
    new.u32(0);
    new.bytes.extend(schema::IDENTIFIER);
    // The root: the distance to its list of fields, the version, and one reference a field, each filled in below.
    let table = new.table(&[&[f::VERSION], &fields[..]].concat(), f::NEWER);
    new.refer(0, table.at);
    new.put(table.field(0), root.u32(f::VERSION, 0)?);
    for (i, &slot) in fields.iter().enumerate() {
        let place = table.field(i + 1);
        match slot {
            f::BUFFERS | f::METADATA => {}
            _ => match root.target(slot)? {
                Some(at) if at >= old.len() => return Err(OutOfFile(at)),
                Some(at) => new.refer_old(place, at),
                None => new.leave_out(&table, slot),
            },
        }
    }
    let place = |slot| {
        let i = fields.iter().position(|&f| f == slot);
        table.field(1 + i.expect("invariant: it is among the fields"))
    };

    let old_buffers: Result<Vec<usize>, OutOfFile> = buffers.positions().collect();
    let last = new.list(place(f::BUFFERS), &old_buffers?);
    let buffer = new.table(&[schema::buffer::DATA], schema::buffer::OFFSET);
    new.refer(last, buffer.at);

    let last = new.list(place(f::METADATA), &metadata);
    let entry = new.table(
        &[schema::metadata::NAME, schema::metadata::BUFFER],
        schema::metadata::BUFFER + 2,
    );
    new.refer(last, entry.at);
    let index = u32::try_from(buffers.len()).expect("invariant: a file holds fewer buffers");
    new.put(entry.field(1), index);
    new.refer(entry.field(0), new.bytes.len());
    new.count(METADATA_NAME.len());
    new.bytes.extend(METADATA_NAME.as_bytes());
    new.bytes.push(0);

    new.pad(DATA_ALIGNMENT, 4);
    new.refer(buffer.field(0), new.bytes.len());
    new.count(4 * plan.len());
    new.bytes
        .extend(plan.iter().flat_map(|word| word.to_le_bytes()));
    new.pad(DATA_ALIGNMENT, 0);
    Ok(Ok(new.finish()))
}

fn unfit(why: &str) -> Finding {
    Finding::new(
        codes::OFFLINE_FORM,
        format!("the file's form leaves no room for an offline memory plan: {why}"),
        "convert the model without large-model options, so that it is a flatbuffer of the schema of version 3 as a whole",
    )
}

/// A file's first bytes, while they are written.
#[derive(Default)]
struct Front {
    bytes: Vec<u8>,
    /// Where a reference into the old file stands, and to which of its bytes.
    old: Vec<(usize, usize)>,
}

/// A table in the front: every field has four bytes, in the order in which they were given.
struct NewTable {
    at: usize,
    vtable: usize,
}

impl NewTable {
    fn field(&self, index: usize) -> usize {
        self.at + 4 * (1 + index)
    }
}

impl Front {
    fn u16(&mut self, value: usize) {
        let value = u16::try_from(value).expect("invariant: tables here are small");
        self.bytes.extend(value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    /// A length.
    fn count(&mut self, value: usize) {
        self.u32(word(value));
    }

    fn put(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// Fills with zeros until `ahead` bytes are missing to a multiple of `alignment`, plus `ahead`.
    fn pad(&mut self, alignment: usize, ahead: usize) {
        let end = (self.bytes.len() + ahead).next_multiple_of(alignment) - ahead;
        self.bytes.resize(end, 0);
    }

    /// A table with these fields, all zero, behind its list of fields, which ends before `end`.
    fn table(&mut self, fields: &[flatbuffers::VOffsetT], end: flatbuffers::VOffsetT) -> NewTable {
        self.pad(4, 0);
        let vtable = self.bytes.len();
        self.u16(usize::from(end));
        self.u16(4 * (1 + fields.len()));
        for slot in (4..end).step_by(2) {
            let index = fields.iter().position(|&field| field == slot);
            self.u16(index.map_or(0, |i| 4 * (1 + i)));
        }
        self.pad(4, 0);
        let at = self.bytes.len();
        // From the table back to its list of fields.
        self.count(at - vtable);
        self.bytes.resize(at + 4 * (1 + fields.len()), 0);
        NewTable { at, vtable }
    }

    /// Takes a field out of a table's list.
    fn leave_out(&mut self, table: &NewTable, slot: flatbuffers::VOffsetT) {
        let at = table.vtable + usize::from(slot);
        self.bytes[at..at + 2].fill(0);
    }

    /// A list of tables of the old file and one more, that the field at `place` refers to; where the reference to the last is.
    fn list(&mut self, place: usize, old: &[usize]) -> usize {
        self.pad(4, 0);
        self.refer(place, self.bytes.len());
        self.count(old.len() + 1);
        for &at in old {
            let place = self.bytes.len();
            self.u32(0);
            self.refer_old(place, at);
        }
        let last = self.bytes.len();
        self.u32(0);
        last
    }

    /// The reference at `place` is to the byte `at` of the front, which is behind it.
    fn refer(&mut self, place: usize, at: usize) {
        self.put(place, word(at - place));
    }

    /// The reference at `place` is to the byte `at` of the old file.
    fn refer_old(&mut self, place: usize, at: usize) {
        self.old.push((place, at));
    }

    fn finish(mut self) -> Vec<u8> {
        let front = self.bytes.len();
        for (place, at) in std::mem::take(&mut self.old) {
            self.refer(place, front + at);
        }
        self.bytes
    }
}

/// A number of the front: it and the file are of at most [`MAX_FILE_BYTES`](super::super::limits::MAX_FILE_BYTES) and a little.
fn word(n: usize) -> u32 {
    u32::try_from(n).expect("invariant: a file is far below 4 GiB")
}
