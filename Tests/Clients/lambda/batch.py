"""Handles a standard queue with Powertools: messages that say so fail, the others of their batch do not."""

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

import notes

processor = BatchProcessor(event_type=EventType.SQS)


def handle(record):
    message = record.json_body
    receives = int(record.attributes.approximate_receive_count)
    notes.note(message["notes"], number=message["number"], receives=receives)
    if message.get("fails"):
        raise ValueError(f"message {message['number']} says so")


def main(event, context):
    return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
