"""Handles a FIFO queue with Powertools: what follows a failed message of its group is left for later."""

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response

import notes

processor = SqsFifoPartialProcessor(skip_group_on_error=True)


def handle(record):
    message = record.json_body
    receives = int(record.attributes.approximate_receive_count)
    group = record.attributes.message_group_id
    notes.note(message["notes"], group=group, number=message["number"], receives=receives)
    if receives <= message.get("fails", 0):
        raise ValueError(f"message {message['number']} of {group} says so")


def main(event, context):
    return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
