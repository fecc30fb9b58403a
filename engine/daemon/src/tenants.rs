//! Tenants by name.

use relevo_wire::ids::TenantId;
use ring::digest::{SHA256, digest};

/// The tenant that holds the keys of operators and nothing else. No admin can make one of this
/// name.
pub const OPERATORS: &str = "_operators";

/// A tenant's id: the first eight bytes of the SHA-256 of its name.
#[must_use]
pub fn tenant_id(name: &str) -> TenantId {
    let digest = digest(&SHA256, name.as_bytes());
    let first: [u8; 8] = *digest.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
    TenantId(u64::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_is_the_same_on_every_machine() {
        assert_eq!(tenant_id("acme"), TenantId(0x822b_33ad_87c1_48a0));
    }
}
