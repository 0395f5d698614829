module tessera.example/bpg-provider

go 1.23.0

require github.com/bpg/terraform-provider-proxmox v0.66.0
