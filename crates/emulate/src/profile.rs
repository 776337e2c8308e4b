//! Instruction counts and modelled cycles: what the plug-in counted, by function and by call.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use target::ProfileModel;

use crate::disassembly::class_list;
use crate::error::{EmulateError, io_error};
use crate::image::Image;
use crate::toolchain::{Tool, finish, write};

/// Executed instructions and modelled cycles of one run, the harness's call included.
///
/// Counts are exact; cycles are a model without caches and wait states (described in `assets/plugin.c`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Instructions in all.
    pub instructions: u64,
    /// Cycles in all.
    pub cycles: u64,
    /// By function, most cycles first.
    pub functions: Vec<FunctionCount>,
    /// By call of a kernel ([`crate::Case::kernels`]), in the order of the calls; what a kernel calls belongs to it.
    pub calls: Vec<CallCount>,
    /// Instructions and cycles outside of these calls.
    pub outside: (u64, u64),
}

/// The share of a function in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCount {
    /// Its name in the source.
    pub function: String,
    /// The case whose object it comes from.
    pub case: Option<usize>,
    /// Its address.
    pub address: u32,
    /// Instructions.
    pub instructions: u64,
    /// Cycles.
    pub cycles: u64,
}

/// The share of a kernel's call in a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallCount {
    /// The kernel.
    pub function: String,
    /// Instructions.
    pub instructions: u64,
    /// Cycles.
    pub cycles: u64,
}

/// The plug-in and its list of instruction classes, built once a program.
#[derive(Clone, Debug)]
pub(crate) struct Profiler {
    plugin: PathBuf,
    classes: PathBuf,
    model: ProfileModel,
    start: u32,
    stop: u32,
}

impl Profiler {
    /// Builds the plug-in in `directory` and classifies the instructions of `elf`.
    pub(crate) fn build(
        directory: &Path,
        elf: &Path,
        image: &Image,
        model: ProfileModel,
    ) -> Result<Profiler, EmulateError> {
        let cc = Tool::CC.find()?;
        let objdump = Tool::ARM_OBJDUMP.find()?;
        let source = directory.join("plugin.c");
        let plugin = directory.join("plugin.so");
        write(&source, include_bytes!("../assets/plugin.c"))?;
        finish(
            Command::new(cc)
                .args(["-O2", "-shared", "-fPIC", "-o"])
                .arg(&plugin)
                .arg(&source),
            "plugin.c",
        )?;
        let name = objdump.display().to_string();
        let mut disassemble = Command::new(objdump);
        if model == ProfileModel::M55 {
            // By the image's attributes alone, many of Helium's instructions are listed as those of a coprocessor.
            disassemble.arg("-marmv8.1-m.main");
        }
        let listing =
            disassemble
                .arg("-d")
                .arg(elf)
                .output()
                .map_err(|source| EmulateError::Io {
                    path: name.clone(),
                    source,
                })?;
        if !listing.status.success() {
            let messages = String::from_utf8_lossy(&listing.stderr).into_owned();
            return Err(EmulateError::Tool {
                tool: name,
                input: elf.display().to_string(),
                messages,
            });
        }
        let classes = directory.join("classes.txt");
        write(
            &classes,
            class_list(&String::from_utf8_lossy(&listing.stdout), model).as_bytes(),
        )?;
        let address = |name: &str| {
            image.of_harness(name).ok_or_else(|| EmulateError::Format {
                file: elf.display().to_string(),
                what: format!("has no function {name}"),
            })
        };
        Ok(Profiler {
            plugin,
            classes,
            model,
            start: address("prof_begin")?,
            stop: address("prof_end")?,
        })
    }

    /// QEMU's arguments for a run in `directory` that tells the calls of `entries` apart.
    pub(crate) fn arguments(
        &self,
        directory: &Path,
        entries: &[u32],
    ) -> Result<Vec<String>, EmulateError> {
        let list = directory.join("entries.txt");
        let lines: String = entries.iter().map(|e| format!("{e:x}\n")).collect();
        write(&list, lines.as_bytes())?;
        let option = format!(
            "{},start={:x},stop={:x},classes={},entries={},out={},model={}",
            self.plugin.display(),
            self.start,
            self.stop,
            self.classes.display(),
            list.display(),
            directory.join("profile.txt").display(),
            self.model.name()
        );
        Ok(vec!["-plugin".to_owned(), option])
    }
}

/// Reads the plug-in's output of a run in `directory`: one profile a run.
pub(crate) fn read(directory: &Path, image: &Image) -> Result<Vec<Profile>, EmulateError> {
    let path = directory.join("profile.txt");
    let text = std::fs::read_to_string(&path).map_err(io_error(&path))?;
    parse(&text, image).ok_or_else(|| EmulateError::Format {
        file: path.display().to_string(),
        what: "is not what the plug-in writes".to_owned(),
    })
}

fn parse(text: &str, image: &Image) -> Option<Vec<Profile>> {
    let name = |address: u32| {
        image
            .function_at(address)
            .map_or_else(|| "?".to_owned(), |f| f.source_name().to_owned())
    };
    let mut profiles: Vec<Profile> = Vec::new();
    let mut by_function: Vec<BTreeMap<u32, (u64, u64)>> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        match fields[..] {
            ["run", instructions, cycles] => {
                profiles.push(Profile {
                    instructions: instructions.parse().ok()?,
                    cycles: cycles.parse().ok()?,
                    ..Profile::default()
                });
                by_function.push(BTreeMap::new());
            }
            ["pc", address, instructions, cycles] => {
                let address = u32::from_str_radix(address, 16).ok()?;
                let function = image.function_at(address).map_or(address, |f| f.address);
                let count = by_function.last_mut()?.entry(function).or_default();
                count.0 += instructions.parse::<u64>().ok()?;
                count.1 += cycles.parse::<u64>().ok()?;
            }
            ["call", number, entry, instructions, cycles] => {
                let profile = profiles.last_mut()?;
                let (instructions, cycles) = (instructions.parse().ok()?, cycles.parse().ok()?);
                if number == "0" {
                    profile.outside = (instructions, cycles);
                } else {
                    let function = name(u32::from_str_radix(entry, 16).ok()?);
                    profile.calls.push(CallCount {
                        function,
                        instructions,
                        cycles,
                    });
                }
            }
            _ => return None,
        }
    }
    for (profile, counts) in profiles.iter_mut().zip(by_function) {
        for (address, (instructions, cycles)) in counts {
            let case = image.function_at(address).and_then(|f| f.case);
            profile.functions.push(FunctionCount {
                function: name(address),
                case,
                address,
                instructions,
                cycles,
            });
        }
        profile
            .functions
            .sort_by(|a, b| b.cycles.cmp(&a.cycles).then(a.address.cmp(&b.address)));
    }
    Some(profiles)
}
