//! How the TOML text of a target is read and checked.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::core::{Arch, Core, FloatAbi};
use crate::cost::CostTable;
use crate::description::{Emulation, ProfileModel, Target, TargetKind};
use crate::error::TargetError;
use crate::feature::{Feature, FeatureSet};
use crate::memory::{Memory, MemoryKind};
use crate::nearest::nearest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetFile {
    name: String,
    kind: String,
    description: String,
    source: String,
    base: Option<String>,
    core: CoreFile,
    #[serde(default)]
    memory: Vec<MemoryFile>,
    emulation: Option<EmulationFile>,
    cost: CostTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoreFile {
    cpu: String,
    arch: String,
    features: Vec<String>,
    fpu: Option<String>,
    float_abi: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryFile {
    name: String,
    kind: String,
    address: i64,
    size: i64,
    #[serde(default = "default_alignment")]
    alignment: i64,
    #[serde(default)]
    read_wait: u32,
    #[serde(default)]
    write_wait: u32,
    section: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmulationFile {
    machines: Vec<String>,
    profile_model: String,
}

fn default_alignment() -> i64 {
    1
}

/// Reads the description `text`, over the table of its `base` in `known`, and returns the target and its full table.
pub(crate) fn resolve(
    file: &str,
    text: &str,
    known: &BTreeMap<String, toml::Table>,
) -> Result<(Target, toml::Table), TargetError> {
    let reader = Reader { file };
    let own: toml::Table = text.parse().map_err(|e| reader.parse(text, &e))?;
    let table = match own.get("base") {
        None => own.clone(),
        Some(toml::Value::String(base)) => overlay(reader.base(base, known)?, &own),
        Some(other) => {
            return Err(reader.value(
                "base",
                other.type_str(),
                "write the name of a target as a string",
            ));
        }
    };
    // Own text first when it stands alone, so that the message has the line.
    let parsed = if own.contains_key("base") {
        table.clone().try_into::<TargetFile>()
    } else {
        toml::from_str::<TargetFile>(text)
    };
    let parsed = parsed.map_err(|e| reader.parse(text, &e))?;
    Ok((reader.target(parsed)?, table))
}

/// `base` with the keys of `own` over it; the sub-tables are merged key by key, arrays are replaced.
fn overlay(base: &toml::Table, own: &toml::Table) -> toml::Table {
    let mut merged = base.clone();
    for (key, value) in own {
        match (merged.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => {
                *under = overlay(under, over)
            }
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    merged
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn parse(&self, text: &str, error: &toml::de::Error) -> TargetError {
        let line = error
            .span()
            .and_then(|s| text.get(..s.start))
            .map(|before| before.matches('\n').count() + 1);
        let message = match line {
            Some(line) => format!("line {line}: {}", error.message()),
            None => error.to_string().trim().replace('\n', " "),
        };
        TargetError::Parse {
            file: self.file.to_owned(),
            message,
        }
    }

    fn value(
        &self,
        key: &str,
        value: impl std::fmt::Display,
        help: impl Into<String>,
    ) -> TargetError {
        TargetError::Value {
            file: self.file.to_owned(),
            key: key.to_owned(),
            value: value.to_string(),
            help: help.into(),
        }
    }

    fn base<'t>(
        &self,
        name: &str,
        known: &'t BTreeMap<String, toml::Table>,
    ) -> Result<&'t toml::Table, TargetError> {
        let names: Vec<&str> = known.keys().map(String::as_str).collect();
        known
            .get(name)
            .ok_or_else(|| self.unknown("base", name, &names))
    }

    fn unknown(&self, key: &str, value: &str, choices: &[&str]) -> TargetError {
        let hint = nearest(value, choices.iter().copied())
            .map(|n| format!("did you mean {n:?}? "))
            .unwrap_or_default();
        self.value(
            key,
            format!("{value:?}"),
            format!("{hint}write one of {}", choices.join(", ")),
        )
    }

    fn choice<T: Copy>(
        &self,
        key: &str,
        value: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<T, TargetError> {
        let names: Vec<&str> = all.iter().map(|&t| name(t)).collect();
        let found = all.iter().copied().find(|&t| name(t) == value);
        found.ok_or_else(|| self.unknown(key, value, &names))
    }

    /// Names reach command lines, linker scripts and C, so their characters are limited.
    fn word(&self, key: &str, value: &str, extra: &str) -> Result<String, TargetError> {
        let ok = value.chars().next().is_some_and(|c| {
            c.is_ascii_alphanumeric() || (c == '_' || c == '.') && extra.contains(c)
        }) && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || extra.contains(c));
        if ok {
            Ok(value.to_owned())
        } else {
            let allowed = extra
                .chars()
                .map(|c| format!("{c:?}"))
                .collect::<Vec<_>>()
                .join(", ");
            Err(self.value(
                key,
                format!("{value:?}"),
                format!("use letters, digits and {allowed}, a letter or digit first"),
            ))
        }
    }

    fn target(&self, file: TargetFile) -> Result<Target, TargetError> {
        let kind = self.choice("kind", &file.kind, &TargetKind::ALL, TargetKind::name)?;
        for (key, text) in [("description", &file.description), ("source", &file.source)] {
            if text.trim().is_empty() {
                return Err(self.value(key, "\"\"", "say it in one sentence"));
            }
        }
        let core = self.core(file.core)?;
        if (core.arch == Arch::Host) != (kind == TargetKind::Host) {
            return Err(self.value(
                "core.arch",
                core.arch.name(),
                format!("does not go with kind = {:?}", kind.name()),
            ));
        }
        let memories = self.memories(file.memory)?;
        match (kind, memories.is_empty()) {
            (TargetKind::Board, true) => {
                return Err(self.value(
                    "memory",
                    "[]",
                    "a board needs at least one [[memory]] table",
                ));
            }
            (TargetKind::Core | TargetKind::Host, false) => {
                return Err(self.value(
                    "kind",
                    kind.name(),
                    "only a board has [[memory]] tables; write kind = \"board\"",
                ));
            }
            _ => {}
        }
        self.check_cost(&core, &file.cost)?;
        Ok(Target {
            name: self.word("name", &file.name, "-_.")?,
            kind,
            description: file.description,
            source: file.source,
            base: file.base,
            core,
            memories,
            emulation: file.emulation.map(|e| self.emulation(e)).transpose()?,
            cost: file.cost,
        })
    }

    fn core(&self, file: CoreFile) -> Result<Core, TargetError> {
        let arch = self.choice("core.arch", &file.arch, &Arch::ALL, Arch::name)?;
        let mut features = FeatureSet::default();
        for name in &file.features {
            let feature = self.choice("core.features", name, &Feature::ALL, Feature::name)?;
            if !feature.possible_on(arch) {
                let help = format!(
                    "no core of architecture {:?} has it; remove it or change core.arch",
                    arch.name()
                );
                return Err(self.value("core.features", format!("{name:?}"), help));
            }
            features = features.with(feature);
        }
        for feature in features.iter() {
            if let Some(needed) = feature.requires().filter(|&f| !features.has(f)) {
                let help = format!("needs {:?} too; add it", needed.name());
                return Err(self.value("core.features", format!("{:?}", feature.name()), help));
            }
        }
        let float_abi = self.choice(
            "core.float_abi",
            &file.float_abi,
            &FloatAbi::ALL,
            FloatAbi::name,
        )?;
        let fpu = file
            .fpu
            .map(|fpu| self.word("core.fpu", &fpu, "-"))
            .transpose()?;
        if features.has(Feature::Fpu) && arch != Arch::Host && fpu.is_none() {
            return Err(self.value(
                "core.features",
                "\"fpu\"",
                "name the unit by core.fpu (\"auto\" leaves it to the compiler)",
            ));
        }
        if !features.has(Feature::Fpu) && (fpu.is_some() || float_abi != FloatAbi::Soft) {
            let help =
                "the core has no feature \"fpu\": add it, or write float_abi = \"soft\" and no fpu";
            return Err(self.value("core.float_abi", format!("{:?}", float_abi.name()), help));
        }
        Ok(Core {
            cpu: self.word("core.cpu", &file.cpu, "-+.")?,
            arch,
            features,
            fpu,
            float_abi,
        })
    }

    fn memories(&self, files: Vec<MemoryFile>) -> Result<Vec<Memory>, TargetError> {
        let mut memories: Vec<Memory> = Vec::new();
        for file in files {
            let key = |field: &str| format!("memory.{}.{field}", file.name);
            let kind = self.choice(&key("kind"), &file.kind, &MemoryKind::ALL, MemoryKind::name)?;
            let address = self.unsigned(&key("address"), file.address)?;
            let size = self.unsigned(&key("size"), file.size)?;
            let alignment = self.unsigned(&key("alignment"), file.alignment)?;
            if size == 0 {
                return Err(self.value(&key("size"), 0, "write the size in bytes, at least 1"));
            }
            if !alignment.is_power_of_two() || alignment > 4096 {
                return Err(self.value(
                    &key("alignment"),
                    alignment,
                    "write a power of two from 1 to 4096",
                ));
            }
            let memory = Memory {
                name: self.word("memory.name", &file.name, "_")?,
                kind,
                address,
                size,
                alignment,
                read_wait: file.read_wait,
                write_wait: file.write_wait,
                section: file
                    .section
                    .as_deref()
                    .map(|s| self.word(&key("section"), s, "._-"))
                    .transpose()?,
            };
            if memory.end() > 1 << 32 {
                let help =
                    format!("with address {address:#x} it ends past 0xffffffff; make it smaller");
                return Err(self.value(&key("size"), format!("{size:#x}"), help));
            }
            for other in &memories {
                if other.name == memory.name {
                    return Err(self.value(
                        "memory.name",
                        format!("{:?}", memory.name),
                        "is used twice; rename one",
                    ));
                }
                if u64::from(memory.address) < other.end()
                    && u64::from(other.address) < memory.end()
                {
                    let help = format!("overlaps memory {:?}; list each byte once", other.name);
                    return Err(self.value(&key("address"), format!("{address:#x}"), help));
                }
            }
            memories.push(memory);
        }
        Ok(memories)
    }

    fn unsigned(&self, key: &str, value: i64) -> Result<u32, TargetError> {
        u32::try_from(value)
            .map_err(|_| self.value(key, value, "write a number from 0 to 4294967295"))
    }

    fn emulation(&self, file: EmulationFile) -> Result<Emulation, TargetError> {
        if file.machines.is_empty() {
            return Err(self.value(
                "emulation.machines",
                "[]",
                "name at least one QEMU machine, or leave [emulation] out",
            ));
        }
        let machines = file
            .machines
            .iter()
            .map(|m| self.word("emulation.machines", m, "-_"))
            .collect::<Result<_, _>>()?;
        let profile_model = self.choice(
            "emulation.profile_model",
            &file.profile_model,
            &ProfileModel::ALL,
            ProfileModel::name,
        )?;
        Ok(Emulation {
            machines,
            profile_model,
        })
    }

    /// A cost of nothing would make a schedule look free, and a huge one overflow sums.
    fn check_cost(&self, core: &Core, cost: &CostTable) -> Result<(), TargetError> {
        let simd = cost
            .simd
            .map(|s| [("simd.dual_mac", s.dual_mac), ("simd.permute", s.permute)]);
        let vector = cost.vector.map(|v| {
            [
                ("vector.load", v.load),
                ("vector.store", v.store),
                ("vector.op", v.op),
            ]
        });
        let scalar = [
            ("alu", cost.alu),
            ("mul", cost.mul),
            ("wide_mul", cost.wide_mul),
            ("wide_add", cost.wide_add),
            ("wide_shift", cost.wide_shift),
            ("div", cost.div),
            ("load", cost.load),
            ("load_after_load", cost.load_after_load),
            ("store", cost.store),
            ("branch_taken", cost.branch_taken),
            ("call", cost.call),
            ("float_add", cost.float_add),
            ("float_mul", cost.float_mul),
            ("float_div", cost.float_div),
        ];
        let all = scalar
            .into_iter()
            .chain(simd.into_iter().flatten())
            .chain(vector.into_iter().flatten());
        for (key, cycles) in all {
            if cycles == 0 || cycles > 10_000 {
                return Err(self.value(
                    &format!("cost.{key}"),
                    cycles,
                    "write cycles from 1 to 10000",
                ));
            }
        }
        for (present, feature, key) in [
            (simd.is_some(), Feature::Dsp, "cost.simd"),
            (vector.is_some(), Feature::Mve, "cost.vector"),
        ] {
            if present != core.has(feature) {
                let help = format!(
                    "goes with the feature {:?} in core.features: write both or neither",
                    feature.name()
                );
                return Err(self.value(key, if present { "{…}" } else { "(absent)" }, help));
            }
        }
        Ok(())
    }
}
