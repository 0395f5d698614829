//go:build provider

// Package provider pins the Terraform provider that the tests drive; it holds no code of its own.
package provider

import _ "github.com/bpg/terraform-provider-proxmox"
