data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  function_name = "${var.project}-cron-health-${var.env}"
  rule_name     = "${var.project}-cron-health-check-${var.env}"
  alarm_name    = "${var.project}-cron-unhealthy-${var.env}"
  topic_name    = "${var.project}-cron-alerts-${var.env}"
  namespace     = "HMS/CronJobs"
  job_name      = "NO_SHOW_CHECK"
  dashboard_url = "https://console.aws.amazon.com/cloudwatch/home?region=${var.region}#alarmsV2:alarm/${local.alarm_name}"
  uses_secret   = var.cron_api_key_secret_arn != null
  parameter_arn = var.cron_api_key_parameter == null ? "" : join(":", [
    "arn", data.aws_partition.current.partition, "ssm", var.region,
    data.aws_caller_identity.current.account_id, "parameter${var.cron_api_key_parameter}",
  ])
}

# --- The function.

data "archive_file" "function" {
  type        = "zip"
  source_file = "${path.module}/../lambda/cron_health/handler.py"
  output_path = "${path.module}/.build/cron_health.zip"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "cron_health" {
  function_name    = local.function_name
  description      = "Runs the no-show check of HMS from outside and publishes its health."
  role             = aws_iam_role.function.arn
  filename         = data.archive_file.function.output_path
  source_code_hash = data.archive_file.function.output_base64sha256
  handler          = "handler.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  memory_size      = 128
  timeout          = 60

  environment {
    variables = merge(
      {
        BACKEND_URL   = var.backend_url
        DASHBOARD_URL = local.dashboard_url
        TOPIC_ARN     = aws_sns_topic.alerts.arn
      },
      local.uses_secret ? { CRON_API_KEY_SECRET_ARN = var.cron_api_key_secret_arn } : {},
      local.uses_secret ? {} : { CRON_API_KEY_PARAMETER = var.cron_api_key_parameter },
    )
  }

  lifecycle {
    precondition {
      condition     = (var.cron_api_key_secret_arn == null) != (var.cron_api_key_parameter == null)
      error_message = "Set one of cron_api_key_secret_arn and cron_api_key_parameter."
    }
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

# A call that failed is not repeated: the next one comes in five minutes.
resource "aws_lambda_function_event_invoke_config" "cron_health" {
  function_name          = aws_lambda_function.cron_health.function_name
  maximum_retry_attempts = 0
}

# --- What starts it.

resource "aws_cloudwatch_event_rule" "every_five_minutes" {
  name                = local.rule_name
  description         = "Starts ${local.function_name}."
  schedule_expression = "rate(5 minutes)"
}

resource "aws_cloudwatch_event_target" "cron_health" {
  rule = aws_cloudwatch_event_rule.every_five_minutes.name
  arn  = aws_lambda_function.cron_health.arn
}

resource "aws_lambda_permission" "events" {
  statement_id  = "AllowEventBridge"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.cron_health.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.every_five_minutes.arn
}

# --- Who is told.

resource "aws_sns_topic" "alerts" {
  name              = local.topic_name
  kms_master_key_id = aws_kms_key.alerts.id
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name          = local.alarm_name
  alarm_description   = "The no-show check of HMS was not healthy twice in a row, or nobody could tell."
  namespace           = local.namespace
  metric_name         = "CronHealthStatus"
  dimensions          = { JobName = local.job_name }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}
