output "function_name" {
  description = "The function, to start it by hand: aws lambda invoke --function-name NAME answer.json"
  value       = aws_lambda_function.cron_health.function_name
}

output "topic_arn" {
  description = "Where more people can subscribe."
  value       = aws_sns_topic.alerts.arn
}

output "dashboard_url" {
  description = "The alarm in the console."
  value       = local.dashboard_url
}
