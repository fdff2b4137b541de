import Model

/// An example document for each body, as `openapi.json` shows it.
enum Examples {
    static let bodies: [String: JSON] = documents.merging(["FlowToCheck": documents["FlowDocument"] ?? .null]) {
        document, _ in document
    }

    private static let documents: [String: JSON] = [
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
        "FlowDocument": [
            "inputs": ["source": "Dataset", "trees": ["type": "integer", "default": 100]],
            "steps": [
                "train": [
                    "type": "model.train", "with": ["dataset": "${inputs.source}", "trees": "${inputs.trees}"],
                    "timeout": "12h",
                ]
            ],
            "outputs": ["model": "${train.model}"],
        ],
        "BindingDocument": [
            "request": [
                "url": "https://models.example.com/train", "headers": ["Authorization": "Bearer ${secret.models}"],
                "body": ["inputs": "${inputs}", "callback": "${callback}"], "timeout": "10s",
            ],
            "completion": "callback", "accepted": [409],
            "cancel": ["url": "https://models.example.com/cancel"], "startTimeout": "10m", "timeout": "12h",
        ],
        "Start": ["input": ["source": ["uri": "s3://customers/acme.csv"]]],
        "RetryExecution": ["fromStep": "train"],
        "Report": ["status": "succeeded", "outputs": ["model": ["uri": "s3://models/acme"]]],
        "TenantSettings": ["weight": 2, "maxRate": 50, "maxSchedules": 10_000],
    ]

    private static let action: JSON = [
        "http": [
            "method": "POST", "url": "https://models.example.com/train", "headers": ["X-Model": "churn"],
            "body": ["customer": 4711], "timeout": "30s",
        ]
    ]
}
