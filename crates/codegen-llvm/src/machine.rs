//! LLVM's name of a core: triple, processor, features.

use inkwell::OptimizationLevel;
use inkwell::targets::{
    CodeModel, InitializationConfig, RelocMode, Target as LlvmTarget, TargetMachine, TargetTriple,
};
use ir::Diagnostic;
use target::{Arch, Core, Feature, FloatAbi, Target};

/// The Cortex-M processors that LLVM 19 has schedules for, and names as gcc does. Another core is built for as its architecture says.
const PROCESSORS: &[&str] = &[
    "cortex-m0",
    "cortex-m0plus",
    "cortex-m1",
    "cortex-m23",
    "cortex-m3",
    "cortex-m33",
    "cortex-m35p",
    "cortex-m4",
    "cortex-m52",
    "cortex-m55",
    "cortex-m7",
    "cortex-m85",
    "sc000",
    "sc300",
];

/// What selects a core.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Selection {
    triple: String,
    cpu: String,
    features: String,
}

/// The machine that code is generated for.
pub(crate) fn create(target: &Target, for_host: bool) -> Result<TargetMachine, Diagnostic> {
    let host = for_host || target.core.arch == Arch::Host;
    let config = InitializationConfig::default();
    let selection = if host {
        let native = LlvmTarget::initialize_native(&config);
        native.map_err(|e| unsupported(target, &e))?;
        let triple = TargetMachine::get_default_triple();
        Selection {
            triple: triple.as_str().to_string_lossy().into_owned(),
            // Not this very processor: what is built shall not depend on where.
            cpu: "generic".to_owned(),
            features: String::new(),
        }
    } else {
        LlvmTarget::initialize_arm(&config);
        select(&target.core).map_err(|why| unsupported(target, &why))?
    };
    let triple = TargetTriple::create(&selection.triple);
    let llvm =
        LlvmTarget::from_triple(&triple).map_err(|e| unsupported(target, &e.to_string_lossy()))?;
    // Host programs are linked at any address.
    let reloc = if host {
        RelocMode::PIC
    } else {
        RelocMode::Static
    };
    llvm.create_target_machine(
        &triple,
        &selection.cpu,
        &selection.features,
        OptimizationLevel::Default,
        reloc,
        CodeModel::Default,
    )
    .ok_or_else(|| unsupported(target, &format!("no machine for {}", selection.triple)))
}

fn unsupported(target: &Target, why: &str) -> Diagnostic {
    let text = format!("LLVM cannot build for target {}: {why}", target.name);
    Diagnostic::error("B005", text).help("`--backend c` leaves it to the C compiler")
}

/// Of a Cortex-M core.
fn select(core: &Core) -> Result<Selection, String> {
    let arch = match core.arch {
        Arch::V6m => "thumbv6m",
        Arch::V7m => "thumbv7m",
        Arch::V7em => "thumbv7em",
        Arch::V8mBase => "thumbv8m.base",
        Arch::V8mMain => "thumbv8m.main",
        Arch::V8_1mMain => "thumbv8.1m.main",
        Arch::Host => return Err("the host is no Cortex-M".to_owned()),
    };
    // In the GNU environment copies are calls of `memcpy`, as in C, and not of `__aeabi_memcpy`, which newlib has as a loop of bytes.
    let abi = match core.float_abi {
        FloatAbi::Hard => "gnueabihf",
        FloatAbi::Soft | FloatAbi::Softfp => "gnueabi",
    };
    let cpu = match PROCESSORS.contains(&core.cpu.as_str()) {
        true => core.cpu.as_str(),
        false => "generic",
    };
    Ok(Selection {
        triple: format!("{arch}-none-unknown-{abi}"),
        cpu: cpu.to_owned(),
        features: features(core)?.join(","),
    })
}

/// What the core has beyond, or has not of, what LLVM takes for granted with the processor.
fn features(core: &Core) -> Result<Vec<String>, String> {
    let mut list: Vec<&str> = Vec::new();
    let dsp_is_optional = matches!(core.arch, Arch::V8mMain | Arch::V8_1mMain);
    if dsp_is_optional {
        list.push(if core.has(Feature::Dsp) {
            "+dsp"
        } else {
            "-dsp"
        });
    }
    let unit = match (core.float_abi, core.fpu.as_deref()) {
        (FloatAbi::Soft, _) | (_, None) => None,
        (_, Some(fpu)) => Some(fpu),
    };
    match unit {
        // Helium's registers are those of the floating-point unit.
        None if core.has(Feature::Mve) => list.extend(["-vfp2sp", "+mve"]),
        None => list.push("-fpregs"),
        Some("auto") => {}
        Some("fpv4-sp-d16") => list.extend(["-fp64", "+vfp4d16sp"]),
        Some("fpv5-sp-d16") => list.extend(["-fp64", "+fp-armv8d16sp"]),
        Some("fpv5-d16" | "fp-armv8") => list.push("+fp-armv8d16"),
        Some(other) => return Err(format!("floating-point unit {other} is not known")),
    }
    if core.arch == Arch::V8_1mMain {
        match (core.has(Feature::Mve), core.has(Feature::MveFloat)) {
            (true, true) => list.push("+mve.fp"),
            (true, false) => list.extend(["-mve.fp", "+mve"]),
            (false, _) => list.push("-mve"),
        }
        if core.has(Feature::LowOverheadLoops) {
            list.push("+lob");
        }
    }
    // It tears loads apart that follow each other, which these cores pipeline: 2 % of the cycles of a model.
    list.push("+disable-postra-scheduler");
    Ok(list.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use target::Targets;

    fn of(name: &str, change: impl Fn(&mut Core)) -> String {
        let mut core = Targets::builtin().get(name).unwrap().core.clone();
        change(&mut core);
        match select(&core) {
            Ok(s) => {
                let features = s
                    .features
                    .strip_suffix("+disable-postra-scheduler")
                    .unwrap();
                let features = features.trim_end_matches(',');
                format!("{} {} {features}", s.triple, s.cpu)
            }
            Err(e) => e,
        }
    }

    #[test]
    fn cores_by_llvms_names() {
        let as_is = |name: &str| of(name, |_| {});
        assert_eq!(
            as_is("cortex-m0"),
            "thumbv6m-none-unknown-gnueabi cortex-m0 -fpregs"
        );
        assert_eq!(
            as_is("cortex-m3"),
            "thumbv7m-none-unknown-gnueabi cortex-m3 -fpregs"
        );
        assert_eq!(
            as_is("cortex-m4"),
            "thumbv7em-none-unknown-gnueabihf cortex-m4 -fp64,+vfp4d16sp"
        );
        assert_eq!(
            as_is("cortex-m7"),
            "thumbv7em-none-unknown-gnueabihf cortex-m7 -fp64,+fp-armv8d16sp"
        );
        assert_eq!(
            as_is("cortex-m33"),
            "thumbv8m.main-none-unknown-gnueabihf cortex-m33 +dsp,-fp64,+fp-armv8d16sp"
        );
        assert_eq!(
            as_is("cortex-m55"),
            "thumbv8.1m.main-none-unknown-gnueabihf cortex-m55 +dsp,+mve.fp,+lob"
        );
    }

    #[test]
    fn variants_of_cores() {
        let soft = |c: &mut Core| c.float_abi = FloatAbi::Soft;
        assert_eq!(
            of("cortex-m4", soft),
            "thumbv7em-none-unknown-gnueabi cortex-m4 -fpregs"
        );
        let softfp = |c: &mut Core| c.float_abi = FloatAbi::Softfp;
        assert_eq!(
            of("cortex-m4", softfp),
            "thumbv7em-none-unknown-gnueabi cortex-m4 -fp64,+vfp4d16sp"
        );
        let baseline = |c: &mut Core| {
            c.cpu = "cortex-m23".to_owned();
            c.arch = Arch::V8mBase;
        };
        assert_eq!(
            of("cortex-m0", baseline),
            "thumbv8m.base-none-unknown-gnueabi cortex-m23 -fpregs"
        );
        let vendors = |c: &mut Core| c.cpu = "star-mc1".to_owned();
        assert_eq!(
            of("cortex-m33", vendors),
            "thumbv8m.main-none-unknown-gnueabihf generic +dsp,-fp64,+fp-armv8d16sp"
        );
        let unit = |c: &mut Core| c.fpu = Some("neon".to_owned());
        assert_eq!(
            of("cortex-m4", unit),
            "floating-point unit neon is not known"
        );
    }

    /// Every core that is built in has a machine, and LLVM takes its features.
    #[test]
    fn every_target_has_a_machine() {
        for target in Targets::builtin().iter() {
            assert!(create(target, false).is_ok(), "{}", target.name);
        }
    }
}
