//! The QEMU machines that programs run on, with the memory that a program may use there.

/// A QEMU machine and its memory map, as far as programs use it.
///
/// Addresses are QEMU's (`hw/arm/mps2.c`, `mps2-tz.c`, `microbit.c`); on the two machines with TrustZone they
/// are secure aliases, since a core starts in secure state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// QEMU's name of the machine.
    pub name: &'static str,
    /// Origin and length of the memory that the vector table is read from.
    pub vectors: (u32, u32),
    /// Origin and length of the memory for code and constants.
    pub flash: (u32, u32),
    /// Origin and length of the memory for stack, data, arena and tensors.
    pub ram: (u32, u32),
    /// Origins and lengths of the memories besides, which a program may write.
    pub others: &'static [(u32, u32)],
    /// Bytes of stack that a program gets when it asks for nothing else.
    pub stack_size: u32,
}

const KIB: u32 = 1 << 10;
const MIB: u32 = 1 << 20;
/// The vector table's share of a memory that holds code too.
const VECTORS: u32 = 0x100;

static MACHINES: [Machine; 6] = [
    Machine {
        name: "microbit",
        vectors: (0, VECTORS),
        flash: (VECTORS, 256 * KIB - VECTORS),
        ram: (0x2000_0000, 16 * KIB),
        others: &[],
        stack_size: 2 * KIB,
    },
    Machine {
        name: "mps2-an385",
        vectors: (0, VECTORS),
        flash: (VECTORS, 4 * MIB - VECTORS),
        ram: (0x2100_0000, 16 * MIB),
        others: &[(0x2000_0000, 4 * MIB)],
        stack_size: 64 * KIB,
    },
    Machine {
        name: "mps2-an386",
        vectors: (0, VECTORS),
        flash: (VECTORS, 4 * MIB - VECTORS),
        ram: (0x2100_0000, 16 * MIB),
        others: &[(0x2000_0000, 4 * MIB)],
        stack_size: 64 * KIB,
    },
    Machine {
        name: "mps2-an500",
        vectors: (0, VECTORS),
        flash: (VECTORS, 4 * MIB - VECTORS),
        ram: (0x6000_0000, 16 * MIB),
        others: &[(0x2000_0000, 4 * MIB)],
        stack_size: 64 * KIB,
    },
    Machine {
        name: "mps2-an505",
        vectors: (0x1000_0000, VECTORS),
        flash: (0x1000_0000 + VECTORS, 4 * MIB - VECTORS),
        ram: (0x8000_0000, 16 * MIB),
        others: &[(0x3800_0000, 4 * MIB)],
        stack_size: 64 * KIB,
    },
    Machine {
        name: "mps3-an547",
        vectors: (0x1000_0000, VECTORS),
        flash: (0x7000_0000, 16 * MIB),
        ram: (0x3100_0000, 4 * MIB),
        others: &[(0x3000_0000, 512 * KIB)],
        stack_size: 64 * KIB,
    },
];

impl Machine {
    /// Every machine that is known.
    pub fn all() -> &'static [Machine] {
        &MACHINES
    }

    /// The machine of that name, if it is known.
    pub fn find(name: &str) -> Option<&'static Machine> {
        MACHINES.iter().find(|m| m.name == name)
    }

    /// Whether this memory of a board is memory here too, and is not used for anything else.
    pub(crate) fn has(&self, origin: u32, length: u32) -> bool {
        let end = u64::from(origin) + u64::from(length);
        self.others
            .iter()
            .any(|&(start, size)| start <= origin && end <= u64::from(start) + u64::from(size))
    }
}
