variable "project" {
  description = "First part of every name."
  type        = string
  default     = "hms"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.project))
    error_message = "Use 2 to 20 lower-case letters, digits and dashes, a letter first."
  }
}

variable "env" {
  description = "Last part of every name: prod, staging."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.env))
    error_message = "Use 2 to 20 lower-case letters, digits and dashes, a letter first."
  }
}

variable "region" {
  description = "Where all of it lives."
  type        = string
  default     = "us-east-1"
}

variable "backend_url" {
  description = "Address of HMS as the internet knows it, such as https://hms.example.org."
  type        = string

  validation {
    condition     = startswith(var.backend_url, "https://")
    error_message = "The call carries a key, so the address must begin with https://."
  }
}

variable "alert_email" {
  description = "Who is mailed; AWS asks them to confirm the subscription."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "This is not a mail address."
  }
}

variable "cron_api_key_secret_arn" {
  description = "ARN of the Secrets Manager secret whose text is HMS's CRON_API_KEY. Its value never enters the state."
  type        = string
  default     = null
}

variable "cron_api_key_parameter" {
  description = "Or the name of the SSM parameter (a SecureString) that holds it, such as /hms/prod/cron-api-key."
  type        = string
  default     = null

  validation {
    condition     = var.cron_api_key_parameter == null || can(regex("^/", var.cron_api_key_parameter))
    error_message = "Give the parameter's full name, which begins with a slash."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept."
  type        = number
  default     = 30
}
