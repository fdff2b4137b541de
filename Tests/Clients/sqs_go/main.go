// Calls the endpoint with AWS's SDK for Go, version 1, and checks what comes back.
//
// usage: main.go URL
//
// This SDK speaks the query protocol and verifies the digests of bodies itself. Each check prints `ok NAME` or
// `FAILED NAME: reason`; the exit code is 1 if any has failed. With Debian's packages golang-go and
// golang-github-aws-aws-sdk-go-dev it runs without a module proxy:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= go run main.go URL
package main

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sqs"
)

var (
	client *sqs.SQS
	run    = fmt.Sprintf("clients-%s", random())
	made   []*string
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: main.go URL")
		os.Exit(2)
	}
	client = sqs.New(session.Must(session.NewSession(&aws.Config{
		Endpoint:    aws.String(os.Args[1]),
		Region:      aws.String("us-east-1"),
		Credentials: credentials.NewStaticCredentials("test", "test", ""),
		MaxRetries:  aws.Int(0),
		// Nobody's own proxy.
		HTTPClient: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute},
	})))
	fmt.Printf("%s %s\n", aws.SDKName, aws.SDKVersion)
	failures := 0
	for _, check := range checks {
		start := time.Now()
		if reason := outcome(check.run); reason != "" {
			failures++
			fmt.Printf("FAILED %s: %s\n", check.name, reason)
		} else {
			fmt.Printf("ok %s (%.1f s)\n", check.name, time.Since(start).Seconds())
		}
	}
	for _, queue := range made {
		// An error here means that it is deleted already, or a check has said what is wrong.
		_, _ = client.DeleteQueue(&sqs.DeleteQueueInput{QueueUrl: queue})
	}
	if failures > 0 {
		os.Exit(1)
	}
}

var checks = []struct {
	name string
	run  func()
}{
	{"create_and_find_a_queue", createAndFind},
	{"send_receive_delete", sendReceiveDelete},
	{"message_attributes", messageAttributes},
	{"change_visibility", changeVisibility},
	{"change_visibility_of_a_batch", changeVisibilityOfBatch},
	{"batch_with_an_invalid_entry", batchWithInvalidEntry},
	{"batch_with_an_empty_body", batchWithEmptyBody},
	{"batch_with_the_same_id_twice", batchWithSameID},
	{"batch_delete", batchDelete},
	{"fifo_groups_keep_their_order", fifoGroups},
	{"fifo_deduplication", fifoDeduplication},
	{"long_poll_is_answered_by_a_later_send", longPoll},
	{"an_empty_receive", emptyReceive},
	{"get_and_set_attributes", attributes},
	{"attributes_are_checked", attributesAreChecked},
	{"dead_letters", deadLetters},
	{"list_queues_by_prefix_and_page", listQueues},
	{"tags", tags},
	{"purge", purge},
	{"errors_have_their_codes", errorCodes},
	{"a_deleted_queue_is_gone", deleted},
}

func createAndFind() {
	name := newName("")
	created, err := client.CreateQueue(&sqs.CreateQueueInput{
		QueueName:  &name,
		Attributes: aws.StringMap(map[string]string{"VisibilityTimeout": "20", "DelaySeconds": "0"}),
	})
	must(err)
	made = append(made, created.QueueUrl)
	found, err := client.GetQueueUrl(&sqs.GetQueueUrlInput{QueueName: &name})
	must(err)
	equal(*found.QueueUrl, *created.QueueUrl, "URL")
	equal(attribute(created.QueueUrl, "VisibilityTimeout"), "20", "VisibilityTimeout")
	_, err = client.CreateQueue(&sqs.CreateQueueInput{
		QueueName: &name, Attributes: aws.StringMap(map[string]string{"VisibilityTimeout": "21"}),
	})
	refused(err, 400, sqs.ErrCodeQueueNameExists)
}

func sendReceiveDelete() {
	queue := create("", nil)
	body := "line one\nline two <&> \"ü\" 😀 + % \t"
	sent := send(queue, body)
	message := receive(queue, 1)[0]
	equal(*message.Body, body, "body")
	equal(*message.MessageId, *sent.MessageId, "MessageId")
	equal(*message.MD5OfBody, hexMD5([]byte(body)), "MD5OfBody")
	equal(*message.Attributes["ApproximateReceiveCount"], "1", "ApproximateReceiveCount")
	sentAt, err := strconv.ParseInt(*message.Attributes["SentTimestamp"], 10, 64)
	must(err)
	age := time.Since(time.UnixMilli(sentAt))
	isTrue(age > -5*time.Second && age < time.Minute, "SentTimestamp is in milliseconds, and now")
	equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "1", "messages in flight")
	_, err = client.DeleteMessage(&sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: message.ReceiptHandle})
	must(err)
	equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "0", "messages in flight")
}

func messageAttributes() {
	queue := create("", nil)
	raw := []byte{0, 1, 254, 255, '+', '/', '='}
	values := map[string]*sqs.MessageAttributeValue{
		"text":    {DataType: aws.String("String"), StringValue: aws.String("a b & ü")},
		"number":  {DataType: aws.String("Number"), StringValue: aws.String("-12.50")},
		"typed":   {DataType: aws.String("Number.long"), StringValue: aws.String("7")},
		"raw.one": {DataType: aws.String("Binary"), BinaryValue: raw},
	}
	sent, err := client.SendMessage(&sqs.SendMessageInput{
		QueueUrl: queue, MessageBody: aws.String("x"), MessageAttributes: values,
	})
	must(err)
	equal(*sent.MD5OfMessageAttributes, attributesMD5(values), "digest of the attributes that were sent")
	message := receive(queue, 1)[0]
	equal(len(message.MessageAttributes), 4, "attributes")
	for name, value := range values {
		equal(message.MessageAttributes[name], value, name)
	}
	equal(*message.MD5OfMessageAttributes, attributesMD5(values), "digest of the attributes that were received")
	visible(queue, message)
	answer, err := client.ReceiveMessage(&sqs.ReceiveMessageInput{
		QueueUrl: queue, MessageAttributeNames: aws.StringSlice([]string{"raw.*"}), WaitTimeSeconds: aws.Int64(2),
	})
	must(err)
	equal(len(answer.Messages), 1, "messages")
	one := answer.Messages[0].MessageAttributes
	equal(len(one), 1, "attributes with the prefix")
	equal(one["raw.one"].BinaryValue, raw, "raw.one")
	equal(*answer.Messages[0].MD5OfMessageAttributes, attributesMD5(one), "digest of the attributes with the prefix")
	equal(len(answer.Messages[0].Attributes), 0, "attributes that were not asked for")
}

func changeVisibility() {
	queue := create("", nil)
	send(queue, "x")
	first := receive(queue, 1)[0]
	nothing(queue)
	visible(queue, first)
	second := receive(queue, 1)[0]
	equal(*second.MessageId, *first.MessageId, "MessageId")
	equal(*second.Attributes["ApproximateReceiveCount"], "2", "ApproximateReceiveCount")
	_, err := client.ChangeMessageVisibility(&sqs.ChangeMessageVisibilityInput{
		QueueUrl: queue, ReceiptHandle: second.ReceiptHandle, VisibilityTimeout: aws.Int64(43201),
	})
	refused(err, 400, "InvalidParameterValue")
}

func changeVisibilityOfBatch() {
	queue := create("", nil)
	send(queue, "one")
	send(queue, "two")
	messages := receive(queue, 2)
	answer, err := client.ChangeMessageVisibilityBatch(&sqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: queue,
		Entries: []*sqs.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: messages[0].ReceiptHandle, VisibilityTimeout: aws.Int64(0)},
			{Id: aws.String("b"), ReceiptHandle: messages[1].ReceiptHandle, VisibilityTimeout: aws.Int64(99)},
			{Id: aws.String("c"), ReceiptHandle: aws.String("nonsense"), VisibilityTimeout: aws.Int64(1)},
		},
	})
	must(err)
	equal(len(answer.Successful), 2, "changed")
	equal(failed(answer.Failed), []string{"c ReceiptHandleIsInvalid true"}, "not changed")
	equal(*receive(queue, 1)[0].MessageId, *messages[0].MessageId, "the message that is visible again")
}

func batchWithInvalidEntry() {
	queue := create("", nil)
	answer := sendBatch(queue, "first", "sec\x01ond", "third")
	equal(failed(answer.Failed), []string{"1 InvalidMessageContents true"}, "failed")
	equal(len(answer.Successful), 2, "sent")
	for _, entry := range answer.Successful {
		equal(*entry.MD5OfMessageBody, hexMD5([]byte(map[string]string{"0": "first", "2": "third"}[*entry.Id])), "digest")
	}
	messages := receive(queue, 2)
	equal(bodies(messages), []string{"first", "third"}, "received")
}

func batchWithEmptyBody() {
	queue := create("", nil)
	answer, err := client.SendMessageBatch(batch(queue, "first", "", "third"))
	if err != nil {
		// AWS documents that a body has at least one character, not whether its lack fails the entry or the batch.
		refused(err, 400, "MissingParameter", "InvalidParameterValue")
		nothing(queue)
		return
	}
	equal(len(answer.Failed), 1, "failed")
	equal(*answer.Failed[0].Id, "1", "failed")
	isTrue(*answer.Failed[0].SenderFault, "an empty body is the sender's fault")
	equal(len(answer.Successful), 2, "sent")
}

func batchWithSameID() {
	queue := create("", nil)
	input := batch(queue, "first", "second", "third")
	input.Entries[2].Id = input.Entries[0].Id
	_, err := client.SendMessageBatch(input)
	refused(err, 400, sqs.ErrCodeBatchEntryIdsNotDistinct)
	nothing(queue)
}

func batchDelete() {
	queue := create("", nil)
	sendBatch(queue, "first", "second", "third")
	input := &sqs.DeleteMessageBatchInput{QueueUrl: queue}
	for index, message := range receive(queue, 3) {
		input.Entries = append(input.Entries, &sqs.DeleteMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(index)), ReceiptHandle: message.ReceiptHandle,
		})
	}
	input.Entries = append(input.Entries, &sqs.DeleteMessageBatchRequestEntry{
		Id: aws.String("wrong"), ReceiptHandle: aws.String("nonsense"),
	})
	answer, err := client.DeleteMessageBatch(input)
	must(err)
	equal(len(answer.Successful), 3, "deleted")
	equal(failed(answer.Failed), []string{"wrong ReceiptHandleIsInvalid true"}, "not deleted")
	equal(attribute(queue, "ApproximateNumberOfMessagesNotVisible"), "0", "messages in flight")
}

func fifoGroups() {
	queue := create(".fifo", nil)
	last := ""
	for index, body := range []string{"a1", "b1", "a2", "b2", "a3"} {
		sent, err := client.SendMessage(&sqs.SendMessageInput{
			QueueUrl: queue, MessageBody: aws.String(body), MessageGroupId: aws.String(body[:1]),
			MessageDeduplicationId: aws.String(strconv.Itoa(index)),
		})
		must(err)
		isTrue(len(*sent.SequenceNumber) == 20 && *sent.SequenceNumber > last, "sequence numbers grow")
		last = *sent.SequenceNumber
	}
	first := receive(queue, 1)[0]
	equal(*first.Body, "a1", "first message")
	equal(*first.Attributes["MessageGroupId"], "a", "MessageGroupId")
	equal(*first.Attributes["MessageDeduplicationId"], "0", "MessageDeduplicationId")
	// The rest of its group waits for it.
	equal(bodies(receive(queue, 2)), []string{"b1", "b2"}, "messages of the other group")
	nothing(queue)
	_, err := client.DeleteMessage(&sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: first.ReceiptHandle})
	must(err)
	equal(bodies(receive(queue, 2)), []string{"a2", "a3"}, "rest of the group")
}

func fifoDeduplication() {
	queue := create(".fifo", map[string]string{"ContentBasedDeduplication": "true"})
	input := func(body, id string) *sqs.SendMessageInput {
		input := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body, MessageGroupId: aws.String("g")}
		if id != "" {
			input.MessageDeduplicationId = &id
		}
		return input
	}
	ids := map[string]bool{}
	for _, each := range []*sqs.SendMessageInput{
		input("one", "id"), input("other", "id"), input("content", ""), input("content", ""),
	} {
		sent, err := client.SendMessage(each)
		must(err)
		ids[*sent.MessageId] = true
	}
	equal(len(ids), 2, "messages' ids")
	equal(bodies(receive(queue, 2)), []string{"content", "one"}, "messages, sorted")
	wanting := input("x", "")
	wanting.MessageGroupId = nil
	_, err := client.SendMessage(wanting)
	refused(err, 400, "MissingParameter")
}

func longPoll() {
	queue := create("", nil)
	go func() {
		time.Sleep(time.Second)
		// If this fails the poll below finds nothing.
		_, _ = client.SendMessage(&sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("late")})
	}()
	start := time.Now()
	answer, err := client.ReceiveMessage(&sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: aws.Int64(20)})
	must(err)
	equal(len(answer.Messages), 1, "messages")
	equal(*answer.Messages[0].Body, "late", "body")
	waited := time.Since(start)
	isTrue(waited > 500*time.Millisecond && waited < 5*time.Second, fmt.Sprintf("it waited for the send: %v", waited))
}

func emptyReceive() {
	queue := create("", nil)
	start := time.Now()
	answer, err := client.ReceiveMessage(&sqs.ReceiveMessageInput{QueueUrl: queue, WaitTimeSeconds: aws.Int64(1)})
	must(err)
	isTrue(answer.Messages == nil, "an empty receive has no list")
	isTrue(time.Since(start) > 900*time.Millisecond, "a long poll waits")
}

func attributes() {
	queue := create("", nil)
	values := map[string]string{
		"DelaySeconds": "1", "MaximumMessageSize": "2048", "MessageRetentionPeriod": "3600",
		"ReceiveMessageWaitTimeSeconds": "3", "VisibilityTimeout": "7",
	}
	_, err := client.SetQueueAttributes(&sqs.SetQueueAttributesInput{QueueUrl: queue, Attributes: aws.StringMap(values)})
	must(err)
	answer, err := client.GetQueueAttributes(&sqs.GetQueueAttributesInput{
		QueueUrl: queue, AttributeNames: aws.StringSlice([]string{"All"}),
	})
	must(err)
	found := aws.StringValueMap(answer.Attributes)
	for name, value := range values {
		equal(found[name], value, name)
	}
	isTrue(strings.HasPrefix(found["QueueArn"], "arn:aws:sqs:us-east-1:"), "QueueArn: "+found["QueueArn"])
}

func attributesAreChecked() {
	queue := create("", nil)
	set := func(name, value string) error {
		_, err := client.SetQueueAttributes(&sqs.SetQueueAttributesInput{
			QueueUrl: queue, Attributes: aws.StringMap(map[string]string{name: value}),
		})
		return err
	}
	refused(set("VisibilityTimeout", "43201"), 400, "InvalidAttributeValue")
	refused(set("Nonsense", "1"), 400, sqs.ErrCodeInvalidAttributeName)
}

func deadLetters() {
	dead := create("", nil)
	queue := create("", map[string]string{
		"VisibilityTimeout": "0",
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":"%s","maxReceiveCount":1}`, attribute(dead, "QueueArn")),
	})
	sent := send(queue, "poison")
	equal(*receive(queue, 1)[0].MessageId, *sent.MessageId, "MessageId")
	nothing(queue)
	letter := receive(dead, 1)[0]
	equal(*letter.MessageId, *sent.MessageId, "MessageId of the dead letter")
	equal(*letter.Body, "poison", "body of the dead letter")
	equal(*letter.Attributes["DeadLetterQueueSourceArn"], attribute(queue, "QueueArn"), "DeadLetterQueueSourceArn")
	sources, err := client.ListDeadLetterSourceQueues(&sqs.ListDeadLetterSourceQueuesInput{QueueUrl: dead})
	must(err)
	equal(aws.StringValueSlice(sources.QueueUrls), []string{*queue}, "sources")
}

func listQueues() {
	prefix := newName("")
	expected := []string{}
	for index := 0; index < 5; index++ {
		created, err := client.CreateQueue(&sqs.CreateQueueInput{QueueName: aws.String(fmt.Sprintf("%s-%d", prefix, index))})
		must(err)
		made = append(made, created.QueueUrl)
		expected = append(expected, *created.QueueUrl)
	}
	found, pages := []string{}, 0
	must(client.ListQueuesPages(
		&sqs.ListQueuesInput{QueueNamePrefix: &prefix, MaxResults: aws.Int64(2)},
		func(page *sqs.ListQueuesOutput, _ bool) bool {
			pages++
			found = append(found, aws.StringValueSlice(page.QueueUrls)...)
			return true
		}))
	sort.Strings(found)
	equal(found, expected, "queues")
	isTrue(pages >= 3, "pages of two")
}

func tags() {
	name := newName("")
	created, err := client.CreateQueue(&sqs.CreateQueueInput{
		QueueName: &name, Tags: aws.StringMap(map[string]string{"team": "one", "a b": "<&> ü"}),
	})
	must(err)
	queue := created.QueueUrl
	made = append(made, queue)
	_, err = client.TagQueue(&sqs.TagQueueInput{
		QueueUrl: queue, Tags: aws.StringMap(map[string]string{"team": "two", "third": ""}),
	})
	must(err)
	_, err = client.UntagQueue(&sqs.UntagQueueInput{QueueUrl: queue, TagKeys: aws.StringSlice([]string{"none", "third"})})
	must(err)
	answer, err := client.ListQueueTags(&sqs.ListQueueTagsInput{QueueUrl: queue})
	must(err)
	equal(aws.StringValueMap(answer.Tags), map[string]string{"team": "two", "a b": "<&> ü"}, "tags")
}

func purge() {
	queue := create("", nil)
	sendBatch(queue, "first", "second", "third")
	_, err := client.PurgeQueue(&sqs.PurgeQueueInput{QueueUrl: queue})
	must(err)
	equal(attribute(queue, "ApproximateNumberOfMessages"), "0", "messages")
	_, err = client.PurgeQueue(&sqs.PurgeQueueInput{QueueUrl: queue})
	refused(err, 403, sqs.ErrCodePurgeQueueInProgress)
}

func errorCodes() {
	name := newName("")
	_, err := client.GetQueueUrl(&sqs.GetQueueUrlInput{QueueName: &name})
	refused(err, 400, sqs.ErrCodeQueueDoesNotExist)
	queue := create("", nil)
	other := strings.TrimSuffix(*queue, "/") + "-none"
	_, err = client.SendMessage(&sqs.SendMessageInput{QueueUrl: &other, MessageBody: aws.String("x")})
	refused(err, 400, sqs.ErrCodeQueueDoesNotExist)
	_, err = client.DeleteMessage(&sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: aws.String("nonsense")})
	refused(err, 400, sqs.ErrCodeReceiptHandleIsInvalid)
	_, err = client.SendMessageBatch(&sqs.SendMessageBatchInput{
		QueueUrl: queue, Entries: []*sqs.SendMessageBatchRequestEntry{},
	})
	refused(err, 400, sqs.ErrCodeEmptyBatchRequest)
	_, err = client.SendMessage(&sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("\x01")})
	refused(err, 400, sqs.ErrCodeInvalidMessageContents)
	_, err = client.ReceiveMessage(&sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: aws.Int64(11)})
	// AWS's own example of an error of the query protocol has this code for a value out of its range.
	refused(err, 400, "InvalidParameterValue")
}

func deleted() {
	queue := create("", nil)
	_, err := client.DeleteQueue(&sqs.DeleteQueueInput{QueueUrl: queue})
	must(err)
	_, err = client.ReceiveMessage(&sqs.ReceiveMessageInput{QueueUrl: queue})
	refused(err, 400, sqs.ErrCodeQueueDoesNotExist)
	name := (*queue)[strings.LastIndex(*queue, "/")+1:]
	_, err = client.CreateQueue(&sqs.CreateQueueInput{QueueName: &name})
	refused(err, 400, sqs.ErrCodeQueueDeletedRecently)
}

// What the checks are made of. Each of these ends its check if something is wrong.

type failure string

func outcome(check func()) (reason string) {
	defer func() {
		if value := recover(); value != nil {
			reason = strings.ReplaceAll(fmt.Sprint(value), "\n", " ")
		}
	}()
	check()
	return ""
}

func must(err error) {
	if err != nil {
		panic(failure(err.Error()))
	}
}

func isTrue(condition bool, what string) {
	if !condition {
		panic(failure(what))
	}
}

func equal(found, expected interface{}, what string) {
	if !reflect.DeepEqual(found, expected) {
		panic(failure(fmt.Sprintf("%s: expected %#v, found %#v", what, expected, found)))
	}
}

func refused(err error, status int, codes ...string) {
	var answer awserr.RequestFailure
	if !errors.As(err, &answer) {
		panic(failure(fmt.Sprintf("expected %v, found %v", codes, err)))
	}
	equal(answer.StatusCode(), status, "status of "+answer.Error())
	for _, code := range codes {
		if answer.Code() == code {
			isTrue(answer.Message() != "" && answer.RequestID() != "", "an error has a text and the request's id")
			return
		}
	}
	panic(failure(fmt.Sprintf("expected %v, found %v", codes, err)))
}

func random() string {
	six := make([]byte, 6)
	must(func() error { _, err := rand.Read(six); return err }())
	return hex.EncodeToString(six)
}

// A queue's name that no other run has.
func newName(suffix string) string { return run + "-" + random() + suffix }

// A queue that is deleted at the end.
func create(suffix string, attributes map[string]string) *string {
	if suffix == ".fifo" {
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	created, err := client.CreateQueue(&sqs.CreateQueueInput{
		QueueName: aws.String(newName(suffix)), Attributes: aws.StringMap(attributes),
	})
	must(err)
	made = append(made, created.QueueUrl)
	return created.QueueUrl
}

func attribute(queue *string, name string) string {
	answer, err := client.GetQueueAttributes(&sqs.GetQueueAttributesInput{
		QueueUrl: queue, AttributeNames: []*string{&name},
	})
	must(err)
	isTrue(answer.Attributes[name] != nil, "the queue has "+name)
	return *answer.Attributes[name]
}

func send(queue *string, body string) *sqs.SendMessageOutput {
	sent, err := client.SendMessage(&sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	must(err)
	return sent
}

func batch(queue *string, bodies ...string) *sqs.SendMessageBatchInput {
	input := &sqs.SendMessageBatchInput{QueueUrl: queue}
	for index, body := range bodies {
		input.Entries = append(input.Entries, &sqs.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(index)), MessageBody: aws.String(body),
		})
	}
	return input
}

func sendBatch(queue *string, bodies ...string) *sqs.SendMessageBatchOutput {
	answer, err := client.SendMessageBatch(batch(queue, bodies...))
	must(err)
	return answer
}

// So many messages with all their attributes, however many calls that takes.
func receive(queue *string, count int) []*sqs.Message {
	found := []*sqs.Message{}
	for end := time.Now().Add(6 * time.Second); len(found) < count && time.Now().Before(end); {
		answer, err := client.ReceiveMessage(&sqs.ReceiveMessageInput{
			QueueUrl: queue, MaxNumberOfMessages: aws.Int64(int64(count - len(found))), WaitTimeSeconds: aws.Int64(2),
			AttributeNames:        aws.StringSlice([]string{"All"}),
			MessageAttributeNames: aws.StringSlice([]string{"All"}),
		})
		must(err)
		found = append(found, answer.Messages...)
	}
	equal(len(found), count, "messages received")
	return found
}

func nothing(queue *string) {
	answer, err := client.ReceiveMessage(&sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: aws.Int64(10)})
	must(err)
	equal(bodies(answer.Messages), []string{}, "messages of an empty receive")
}

func visible(queue *string, message *sqs.Message) {
	_, err := client.ChangeMessageVisibility(&sqs.ChangeMessageVisibilityInput{
		QueueUrl: queue, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: aws.Int64(0),
	})
	must(err)
}

func bodies(messages []*sqs.Message) []string {
	found := []string{}
	for _, message := range messages {
		found = append(found, *message.Body)
	}
	sort.Strings(found)
	return found
}

// Id, code and SenderFault of each entry.
func failed(entries []*sqs.BatchResultErrorEntry) []string {
	found := []string{}
	for _, entry := range entries {
		found = append(found, fmt.Sprintf("%s %s %v", *entry.Id, *entry.Code, *entry.SenderFault))
	}
	return found
}

func hexMD5(data []byte) string {
	digest := md5.Sum(data)
	return hex.EncodeToString(digest[:])
}

// The digest of attributes as the Developer Guide describes it; this SDK does not verify it.
func attributesMD5(values map[string]*sqs.MessageAttributeValue) string {
	names := []string{}
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var all bytes.Buffer
	part := func(data []byte) {
		must(binary.Write(&all, binary.BigEndian, uint32(len(data))))
		all.Write(data)
	}
	for _, name := range names {
		value := values[name]
		part([]byte(name))
		part([]byte(*value.DataType))
		if strings.HasPrefix(*value.DataType, "Binary") {
			all.WriteByte(2)
			part(value.BinaryValue)
		} else {
			all.WriteByte(1)
			part([]byte(*value.StringValue))
		}
	}
	return hexMD5(all.Bytes())
}
