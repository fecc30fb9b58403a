//! Memory that decoding may take.

/// What an input of a length may make a decoder allocate at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound {
    /// For each byte of the input.
    pub(crate) per_byte: usize,
    /// Whatever the input.
    pub(crate) fixed: usize,
}

impl Bound {
    /// Does the work and looks at the most memory that it held at once.
    pub(crate) fn hold<R>(self, input: &[u8], work: impl FnOnce() -> R) -> R {
        let mut result = None;
        let counted = allocation_counter::measure(|| result = Some(work()));
        let most = (self.per_byte * input.len() + self.fixed) as u64;
        let held = counted.bytes_max;
        assert!(held <= most, "{} bytes made {held} bytes be held, at most {most}", input.len());
        result.expect("the work was done")
    }
}
