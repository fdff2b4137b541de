import Model

/// An example document for each body, as `openapi.json` shows it.
enum Examples {
    static let bodies: [String: JSON] = [
        "ScheduleDocument": [
            "when": [["cron": "0 3 * * *", "timeZone": "Europe/Berlin"]],
            "margin": "30m",
            "action": action,
            "retry": ["maxAttempts": 5, "initial": "1s", "cap": "5m"],
        ],
        "TriggerDocument": ["action": action, "at": "2030-06-01T08:00:00Z", "margin": "5m"],
        "Pause": ["reason": "the model is being rebuilt"],
        "Resume": ["missed": "last"],
        "Backfill": ["from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"],
        "Redrive": ["limit": 500, "ratePerSecond": 10],
        "NewKey": ["subject": "deploys", "role": "author"],
        "SecretValue": ["value": "s3cr3t-of-2026", "keepPrevious": "1d"],
        "TenantSettings": ["weight": 2, "maxRate": 50, "maxSchedules": 10_000],
    ]

    private static let action: JSON = [
        "http": [
            "method": "POST", "url": "https://models.example.com/train", "headers": ["X-Model": "churn"],
            "body": ["customer": 4711], "timeout": "30s",
        ]
    ]
}
