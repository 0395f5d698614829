/**
 * The provider block for bpg/proxmox with its variables: the token where its id is set, else user and password.
 * The provider takes one of them and never falls back, so the block chooses; it holds no value itself.
 *
 * @param source of the provider, as in required_providers
 */
export function providerBlock(source = 'bpg/proxmox'): string {
  return `terraform {
  required_providers {
    proxmox = {
      source = "${source}"
    }
  }
}

variable "proxmox_api_url" {
  type = string
}

variable "proxmox_api_token_id" {
  type    = string
  default = ""
}

variable "proxmox_api_token_secret" {
  type      = string
  default   = ""
  sensitive = true
}

variable "proxmox_user" {
  type    = string
  default = ""
}

variable "proxmox_password" {
  type      = string
  default   = ""
  sensitive = true
}

variable "proxmox_tls_insecure" {
  type    = bool
  default = false
}

provider "proxmox" {
  endpoint = var.proxmox_api_url
  insecure = var.proxmox_tls_insecure

  # The token, when its id is set; otherwise user and password. The provider
  # itself never falls back from one to the other.
  api_token = var.proxmox_api_token_id == "" ? null : "\${var.proxmox_api_token_id}=\${var.proxmox_api_token_secret}"
  username  = var.proxmox_api_token_id == "" ? var.proxmox_user : null
  password  = var.proxmox_api_token_id == "" ? var.proxmox_password : null
}
`;
}
