//! The class of every instruction for the cycle model, from the disassembler's listing.

use std::fmt::Write;

use target::ProfileModel;

/// The class of an instruction in the cycle model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionClass {
    /// Anything without a class of its own.
    Other,
    /// Load of one register.
    Load,
    /// Store of one register.
    Store,
    /// Load or store of several registers.
    Multiple,
    /// Table branch.
    TableBranch,
    /// Helium arithmetic.
    VectorOp,
    /// Helium load.
    VectorLoad,
    /// Helium store.
    VectorStore,
    /// End of a low-overhead loop.
    LoopEnd,
}

impl InstructionClass {
    /// The plug-in's letter.
    fn letter(self) -> char {
        match self {
            InstructionClass::Other => 'a',
            InstructionClass::Load => 'l',
            InstructionClass::Store => 's',
            InstructionClass::Multiple => 'm',
            InstructionClass::TableBranch => 'b',
            InstructionClass::VectorOp => 'v',
            InstructionClass::VectorLoad => 'w',
            InstructionClass::VectorStore => 'x',
            InstructionClass::LoopEnd => 'e',
        }
    }
}

/// The class and the cycles of the instruction `mnemonic operands` (GNU syntax) in a cycle model.
pub fn classify(mnemonic: &str, operands: &str, model: ProfileModel) -> (InstructionClass, u32) {
    use InstructionClass::*;
    let m55 = model == ProfileModel::M55;
    let base = mnemonic.split('.').next().unwrap_or_default();
    let starts = |prefixes: &[&str]| prefixes.iter().any(|p| base.starts_with(p));
    match base {
        "le" | "letp" => return (LoopEnd, 1),
        "dls" | "dlstp" | "wls" | "wlstp" => return (Other, 1),
        _ => {}
    }
    if m55
        && (names_vector_register(operands)
            || matches!(base, "vctp" | "vpst" | "vpnot")
            || base.starts_with("vpt"))
    {
        return if starts(&["vldr", "vld2", "vld4"]) {
            (VectorLoad, 1)
        } else if starts(&["vstr", "vst2", "vst4"]) {
            (VectorStore, 1)
        } else if matches!(base, "vpst" | "vpnot") {
            (Other, 1)
        } else {
            (VectorOp, 1)
        };
    }
    if starts(&["sdiv", "udiv"]) {
        return (Other, 7);
    }
    if model != ProfileModel::M0 && starts(&["vdiv", "vsqrt"]) {
        return (Other, 14);
    }
    if model == ProfileModel::M4 && starts(&["vfma", "vmla", "vmls", "vfms", "vnmla"]) {
        return (Other, 3);
    }
    if starts(&["ldm", "stm", "push", "pop", "vldm", "vstm", "vpush", "vpop"]) {
        return (Multiple, 1 + listed_registers(operands));
    }
    match base {
        "ldrd" | "strd" => (Multiple, if m55 { 2 } else { 3 }),
        "tbb" | "tbh" => (TableBranch, 2),
        _ if starts(&["ldr", "vldr"]) => (Load, if m55 { 1 } else { 2 }),
        _ if starts(&["str", "vstr"]) => (Store, if model == ProfileModel::M0 { 2 } else { 1 }),
        _ => (Other, 1),
    }
}

/// Whether `q0` to `q7` is among the operands, as a word of its own.
fn names_vector_register(operands: &str) -> bool {
    operands
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| matches!(word.as_bytes(), [b'q', b'0'..=b'7']))
}

/// How many registers the list in braces holds; 1 without a list.
fn listed_registers(operands: &str) -> u32 {
    let Some(list) = operands
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(list, _)| list)
    else {
        return 1;
    };
    let items = list
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty());
    items
        .map(|item| match item.split_once('-') {
            Some((first, last)) => {
                (register_number(last) + 1).saturating_sub(register_number(first))
            }
            None => 1,
        })
        .sum()
}

fn register_number(name: &str) -> u32 {
    match name.trim() {
        "sl" => 10,
        "fp" => 11,
        "ip" => 12,
        "sp" => 13,
        "lr" => 14,
        "pc" => 15,
        numbered => numbered.get(1..).and_then(|n| n.parse().ok()).unwrap_or(0),
    }
}

/// The plug-in's list of classes, from the text that `objdump -d` prints.
pub(crate) fn class_list(listing: &str, model: ProfileModel) -> String {
    let mut list = String::new();
    for line in listing.lines() {
        // "  addr:\tbytes\tmnemonic\toperands"
        let mut fields = line.splitn(4, '\t');
        let (Some(address), Some(_bytes), Some(mnemonic)) =
            (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let Some(address) = address
            .trim()
            .strip_suffix(':')
            .and_then(|a| u32::from_str_radix(a, 16).ok())
        else {
            continue;
        };
        let (class, cycles) = classify(mnemonic.trim(), fields.next().unwrap_or_default(), model);
        writeln!(list, "{address:x} {} {cycles}", class.letter())
            .expect("invariant: writing to a String succeeds");
    }
    list
}

#[cfg(test)]
mod tests {
    use super::InstructionClass::*;
    use super::*;

    #[test]
    fn classes_of_the_model() {
        let m4 = |m, o| classify(m, o, ProfileModel::M4);
        assert_eq!(m4("ldr.w", "r3, [r0, r1, lsl #2]"), (Load, 2));
        assert_eq!(m4("push", "{r4, r5, r6, lr}"), (Multiple, 5));
        assert_eq!(
            m4("ldmia.w", "sp!, {r4, r5, r6, r7, r8, r9, sl, fp, pc}"),
            (Multiple, 10)
        );
        assert_eq!(m4("vpush", "{s16-s23}"), (Multiple, 9));
        assert_eq!(m4("strd", "r0, r1, [sp, #8]"), (Multiple, 3));
        assert_eq!(m4("vfma.f32", "s0, s1, s2"), (Other, 3));
        assert_eq!(m4("sdiv", "r0, r0, r1"), (Other, 7));
        assert_eq!(m4("strb", "r0, [r1, #0]"), (Store, 1));
        assert_eq!(
            classify("strb", "r0, [r1, #0]", ProfileModel::M0),
            (Store, 2)
        );
        let m55 = |m, o| classify(m, o, ProfileModel::M55);
        assert_eq!(m55("vldrb.8", "q0, [r0], #16"), (VectorLoad, 1));
        assert_eq!(m55("vmladava.s8", "r2, q0, q1"), (VectorOp, 1));
        assert_eq!(m55("vstrb.8", "q1, [r1]"), (VectorStore, 1));
        assert_eq!(m55("le", "lr, 0 <a>"), (LoopEnd, 1));
        assert_eq!(m55("vldr", "s0, [r0]"), (Load, 1));
        assert_eq!(m55("vdiv.f32", "s0, s1, s2"), (Other, 14));
    }

    #[test]
    fn listing_lines() {
        let listing = "x.elf:     file format elf32-littlearm\n\n00000100 <f>:\n     100:\tb5f0      \tpush\t{r4, r5, r6, r7, lr}\n     102:\t4770      \tbx\tlr\n";
        assert_eq!(class_list(listing, ProfileModel::M4), "100 m 6\n102 a 1\n");
    }
}
