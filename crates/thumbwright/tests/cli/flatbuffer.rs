//! Just enough of the flatbuffers format to change single fields of a valid TFLite file.
//!
//! Field numbers are those of the public schema, `tensorflow/compiler/mlir/lite/schema/schema.fbs`.

/// A file that is being changed.
#[derive(Clone)]
pub struct Patch(pub Vec<u8>);

/// Position of a table, vector or field in the file.
pub type At = usize;

impl Patch {
    fn u32(&self, at: At) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn u16(&self, at: At) -> usize {
        usize::from(u16::from_le_bytes(self.0[at..at + 2].try_into().unwrap()))
    }

    /// Where an offset leads.
    fn follow(&self, at: At) -> At {
        at + self.u32(at) as usize
    }

    /// The root table.
    pub fn root(&self) -> At {
        self.follow(0)
    }

    /// A field of a table, which must be in the file.
    pub fn field(&self, table: At, number: usize) -> At {
        let vtable = (table as i64 - i64::from(self.u32(table) as i32)) as usize;
        let slot = 4 + 2 * number;
        assert!(
            slot < self.u16(vtable),
            "field {number} is not in the table"
        );
        let offset = self.u16(vtable + slot);
        assert_ne!(offset, 0, "field {number} is not in the table");
        table + offset
    }

    /// The vector or table that a field refers to.
    pub fn referred(&self, table: At, number: usize) -> At {
        self.follow(self.field(table, number))
    }

    /// Element of a vector of 32-bit numbers.
    pub fn element(&self, vector: At, index: usize) -> At {
        assert!(index < self.u32(vector) as usize);
        vector + 4 + 4 * index
    }

    /// Table of a vector of tables.
    pub fn table(&self, vector: At, index: usize) -> At {
        self.follow(self.element(vector, index))
    }

    /// Overwrites a 32-bit number.
    pub fn set(&mut self, at: At, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// A 32-bit number.
    pub fn get(&self, at: At) -> u32 {
        self.u32(at)
    }

    /// The first graph.
    pub fn graph(&self) -> At {
        self.table(self.referred(self.root(), 2), 0)
    }

    /// A tensor of the first graph.
    pub fn tensor(&self, index: usize) -> At {
        self.table(self.referred(self.graph(), 0), index)
    }

    /// An operator of the first graph.
    pub fn operator(&self, index: usize) -> At {
        self.table(self.referred(self.graph(), 3), index)
    }

    /// An entry of the list of operator codes.
    pub fn operator_code(&self, index: usize) -> At {
        self.table(self.referred(self.root(), 1), index)
    }
}
