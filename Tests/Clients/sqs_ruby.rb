# Calls the endpoint with AWS's SDK for Ruby, version 1, and checks what comes back.
#
# usage: sqs_ruby.rb URL
#
# This is the version that Debian has, as ruby-aws-sdk. It speaks the query protocol, and its class Queue verifies the
# digests of bodies. It is older than FIFO queues, tags and PurgeQueue, which it cannot call. Each check prints
# `ok NAME` or `FAILED NAME: reason`; the exit code is 1 if any has failed.

require "aws-sdk-v1"
require "digest"
require "json"
require "securerandom"
require "uri"

abort "usage: sqs_ruby.rb URL" unless ARGV.length == 1
PLACE = URI.parse(ARGV[0])
RUN = "clients-#{SecureRandom.hex(4)}"
SERVICE = AWS::SQS.new(
  access_key_id: "test", secret_access_key: "test", region: "us-east-1", max_retries: 0, proxy_uri: nil,
  sqs_endpoint: PLACE.host, sqs_port: PLACE.port, use_ssl: PLACE.scheme == "https"
)
SQS = SERVICE.client
MADE = []
CHECKS = {}

# A check has failed.
class Failure < StandardError; end

def check(name, &block)
  CHECKS[name] = block
end

def equal(found, expected, what = "value")
  raise Failure, "#{what}: expected #{expected.inspect}, found #{found.inspect}" unless found == expected
end

def true?(condition, what)
  raise Failure, what unless condition
end

def refused(code, status = 400)
  yield
rescue AWS::Errors::Base => error
  equal([error.code, error.http_response.status], [code, status], "refusal (#{error.message})")
  # The SDK names its classes by the code, without the first part.
  equal(error.class.name, "AWS::SQS::Errors::#{code.sub('AWS.SimpleQueueService.', '')}", "class")
else
  raise Failure, "expected #{code}, found an answer"
end

def new_name
  "#{RUN}-#{SecureRandom.hex(4)}"
end

# A queue that is deleted at the end.
def create(attributes = {})
  options = attributes.empty? ? {} : { attributes: attributes }
  queue = SERVICE.queues[SQS.create_queue(queue_name: new_name, **options)[:queue_url]]
  MADE << queue
  queue
end

def attribute(queue, name)
  SQS.get_queue_attributes(queue_url: queue.url, attribute_names: [name])[:attributes][name]
end

# So many messages with all their attributes, however many calls that takes.
def receive(queue, count)
  found = []
  finish = Time.now + 6
  while found.length < count && Time.now < finish
    found += queue.receive_messages(
      limit: [count - found.length, 2].max, wait_time_seconds: 2, attributes: ["All"], message_attribute_names: ["All"]
    )
  end
  equal(found.length, count, "messages received")
  found
end

def nothing(queue)
  equal(queue.receive_messages(limit: 10, wait_time_seconds: 0).map(&:body), [], "messages of an empty receive")
end

# The digest of attributes as the Developer Guide describes it; this SDK does not verify it.
def attributes_md5(values)
  all = "".b
  part = ->(data) { all << [data.bytesize].pack("N") << data.b }
  values.sort.each do |name, value|
    part.(name)
    part.(value[:data_type])
    all << (value[:binary_value] ? "\x02" : "\x01").b
    part.(value[:binary_value] || value[:string_value])
  end
  Digest::MD5.hexdigest(all)
end

check "create_and_find_a_queue" do
  name = new_name
  url = SQS.create_queue(queue_name: name, attributes: { "VisibilityTimeout" => "20" })[:queue_url]
  MADE << SERVICE.queues[url]
  equal(SQS.get_queue_url(queue_name: name)[:queue_url], url, "URL")
  equal(SERVICE.queues.named(name).url, url, "URL")
  equal(SERVICE.queues[url].visibility_timeout, 20, "VisibilityTimeout")
  refused("QueueAlreadyExists") { SQS.create_queue(queue_name: name, attributes: { "VisibilityTimeout" => "21" }) }
end

check "send_receive_delete" do
  queue = create
  body = "line one\nline two <&> \"ü\" 😀 + % \t"
  sent = queue.send_message(body)
  equal(sent.md5, Digest::MD5.hexdigest(body), "MD5OfMessageBody")
  message = receive(queue, 1)[0]
  equal([message.id, message.body], [sent.id, body], "message")
  equal(message.approximate_receive_count, 1, "ApproximateReceiveCount")
  true?((message.sent_at - Time.now).abs < 60, "SentTimestamp is in milliseconds, and now: #{message.sent_at}")
  equal(queue.invisible_messages, 1, "messages in flight")
  message.delete
  equal(queue.invisible_messages, 0, "messages in flight")
end

check "message_attributes" do
  queue = create
  values = {
    "text" => { data_type: "String", string_value: "a b & ü" },
    "number" => { data_type: "Number", string_value: "-12.50" },
    "raw.one" => { data_type: "Binary", binary_value: [0, 1, 254, 255].pack("C*") + "+/=".b }
  }
  sent = SQS.send_message(queue_url: queue.url, message_body: "x", message_attributes: values)
  equal(sent[:md5_of_message_attributes], attributes_md5(values), "digest of the attributes that were sent")
  answer = SQS.receive_message(queue_url: queue.url, message_attribute_names: ["All"], wait_time_seconds: 2)
  equal(answer[:messages].length, 1, "messages")
  message = answer[:messages][0]
  # The SDK gives each attribute two lists, which SQS does not have yet.
  found = message[:message_attributes].transform_values { |value| value.reject { |key, _| key =~ /list/ } }
  found["raw.one"][:binary_value] = found["raw.one"][:binary_value].b
  equal(found, values, "attributes")
  equal(message[:md5_of_message_attributes], attributes_md5(values), "digest of the attributes that were received")
end

check "change_visibility" do
  queue = create
  queue.send_message("x")
  first = receive(queue, 1)[0]
  nothing(queue)
  first.visibility_timeout = 0
  second = receive(queue, 1)[0]
  equal([second.id, second.approximate_receive_count], [first.id, 2], "message")
  refused("InvalidParameterValue") { second.visibility_timeout = 43_201 }
end

check "change_visibility_of_a_batch" do
  queue = create
  queue.batch_send("one", "two")
  messages = receive(queue, 2)
  begin
    queue.batch_change_visibility(
      { message: messages[0], visibility_timeout: 0 }, { message: messages[1], visibility_timeout: 99 },
      { message: "nonsense", visibility_timeout: 1 }
    )
  rescue AWS::SQS::Errors::BatchChangeVisibilityError => error
    found = error.failures.map { |each| each.values_at(:receipt_handle, :error_code) }
    equal(found, [%w[nonsense ReceiptHandleIsInvalid]], "not changed")
  else
    raise Failure, "expected a failure of one entry"
  end
  equal(receive(queue, 1)[0].id, messages[0].id, "the message that is visible again")
end

check "batch_with_an_invalid_entry" do
  queue = create
  begin
    queue.batch_send("first", "sec\x01ond", "third")
  rescue AWS::SQS::Errors::BatchSendError => error
    equal(error.sent.length, 2, "sent")
    found = error.failures.map { |each| each.values_at(:batch_index, :error_code) }
    equal(found, [[1, "InvalidMessageContents"]], "failed")
  else
    raise Failure, "expected a failure of one entry"
  end
  equal(receive(queue, 2).map(&:body).sort, %w[first third], "received")
end

check "batch_with_the_same_id_twice" do
  queue = create
  entries = %w[a b a].map { |id| { id: id, message_body: id } }
  refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct") do
    SQS.send_message_batch(queue_url: queue.url, entries: entries)
  end
  nothing(queue)
end

check "batch_delete" do
  queue = create
  queue.batch_send("first", "second", "third")
  begin
    queue.batch_delete(*receive(queue, 3), "nonsense")
  rescue AWS::SQS::Errors::BatchDeleteError => error
    found = error.failures.map { |each| each.values_at(:receipt_handle, :error_code) }
    equal(found, [%w[nonsense ReceiptHandleIsInvalid]], "not deleted")
  else
    raise Failure, "expected a failure of one entry"
  end
  equal(queue.invisible_messages, 0, "messages in flight")
end

check "long_poll_is_answered_by_a_later_send" do
  queue = create
  start = Time.now
  sender = Thread.new do
    sleep 1
    queue.send_message("late")
  end
  message = queue.receive_message(wait_time_seconds: 20)
  sender.join
  true?(message, "the poll was answered with a message")
  equal(message.body, "late", "body")
  true?((0.5..5).cover?(Time.now - start), "it waited for the send: #{Time.now - start} s")
end

check "an_empty_receive" do
  queue = create
  start = Time.now
  equal(queue.receive_message(wait_time_seconds: 1), nil, "message")
  true?(Time.now - start > 0.9, "a long poll waits")
end

check "get_and_set_attributes" do
  queue = create
  values = {
    "DelaySeconds" => "1", "MaximumMessageSize" => "2048", "MessageRetentionPeriod" => "3600",
    "ReceiveMessageWaitTimeSeconds" => "3", "VisibilityTimeout" => "7"
  }
  SQS.set_queue_attributes(queue_url: queue.url, attributes: values)
  found = SQS.get_queue_attributes(queue_url: queue.url, attribute_names: ["All"])[:attributes]
  equal(found.slice(*values.keys), values, "attributes")
  queue.wait_time_seconds = 0
  equal(queue.wait_time_seconds, 0, "ReceiveMessageWaitTimeSeconds")
  true?((queue.created_timestamp - Time.now).abs < 60, "CreatedTimestamp is in seconds, and now")
  true?(queue.arn.start_with?("arn:aws:sqs:us-east-1:"), "QueueArn: #{queue.arn}")
  refused("InvalidAttributeValue") { queue.visibility_timeout = 43_201 }
  refused("InvalidAttributeName") do
    SQS.set_queue_attributes(queue_url: queue.url, attributes: { "Nonsense" => "1" })
  end
end

check "policies_and_permissions" do
  queue = create
  SQS.add_permission(
    queue_url: queue.url, label: "one", aws_account_ids: ["111111111111"], actions: %w[SendMessage ReceiveMessage]
  )
  statement = queue.policy.statements.first
  equal([statement.sid, statement.effect], %w[one Allow], "statement")
  SQS.remove_permission(queue_url: queue.url, label: "one")
  equal(JSON.parse(attribute(queue, "Policy") || "{}").fetch("Statement", []), [], "statements")
end

check "dead_letters" do
  dead = create
  policy = { deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }.to_json
  queue = create("VisibilityTimeout" => "0", "RedrivePolicy" => policy)
  sent = queue.send_message("poison")
  equal(receive(queue, 1)[0].id, sent.id, "MessageId")
  nothing(queue)
  letter = receive(dead, 1)[0]
  equal([letter.id, letter.body], [sent.id, "poison"], "dead letter")
  equal(SQS.list_dead_letter_source_queues(queue_url: dead.url)[:queue_urls], [queue.url], "sources")
end

check "list_queues_by_prefix" do
  prefix = new_name
  expected = (0..2).map { |index| SQS.create_queue(queue_name: "#{prefix}-#{index}")[:queue_url] }
  MADE.concat(expected.map { |url| SERVICE.queues[url] })
  equal(SQS.list_queues(queue_name_prefix: prefix)[:queue_urls].sort, expected, "queues")
  equal(SERVICE.queues.with_prefix(prefix).map(&:url).sort, expected, "queues")
  equal(SQS.list_queues(queue_name_prefix: new_name)[:queue_urls], [], "queues of an unknown prefix")
end

check "errors_have_their_codes" do
  queue = create
  none = SERVICE.queues["#{queue.url}-none"]
  equal([queue.exists?, none.exists?], [true, false], "queues that exist")
  prefix = "AWS.SimpleQueueService."
  refused("#{prefix}NonExistentQueue") { SQS.get_queue_url(queue_name: new_name) }
  refused("#{prefix}NonExistentQueue") { none.send_message("x") }
  refused("ReceiptHandleIsInvalid") { SQS.delete_message(queue_url: queue.url, receipt_handle: "nonsense") }
  refused("InvalidMessageContents") { queue.send_message("\x01") }
  refused("InvalidParameterValue") { queue.receive_message(limit: 11) }
end

check "a_deleted_queue_is_gone" do
  queue = create
  queue.delete
  equal(queue.exists?, false, "the queue exists")
  name = queue.url.split("/").last
  refused("AWS.SimpleQueueService.QueueDeletedRecently") { SQS.create_queue(queue_name: name) }
end

puts "aws-sdk-v1 #{AWS::VERSION}"
failures = 0
CHECKS.each do |name, block|
  start = Time.now
  begin
    block.call
  rescue StandardError => error
    failures += 1
    reason = error.is_a?(Failure) ? error.message : "#{error.class}: #{error.message}"
    puts "FAILED #{name}: #{reason[0, 900].tr("\n", ' ')}"
  else
    puts format("ok %s (%.1f s)", name, Time.now - start)
  end
  $stdout.flush
end
MADE.each do |queue|
  queue.delete
rescue StandardError
  # It is deleted already, or a check has said what is wrong.
end
exit 1 if failures.positive?
