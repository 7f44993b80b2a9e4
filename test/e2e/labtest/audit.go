package labtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// AuditEvent is one request in an API server's audit log.
type AuditEvent struct {
	Stage      string `json:"stage"`
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	UserAgent  string `json:"userAgent"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		APIGroup    string `json:"apiGroup"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received time.Time `json:"requestReceivedTimestamp"`
}

// String says what was asked, by whom, and what came of it.
func (e AuditEvent) String() string {
	return fmt.Sprintf("%s %s by %s (%s): %d", e.Verb, e.RequestURI, e.User.Username, e.UserAgent, e.ResponseStatus.Code)
}

// AuditWrites returns what an API server was asked to change since a time (the
// zero time: ever) by the operator, or a user made by Limited, with a user agent
// that contains agent; "" means any. Requests for one's own rights, which are
// created to be answered, do not count; dry runs do.
func (l *Lab) AuditWrites(t testing.TB, region, agent string, since time.Time) []AuditEvent {
	t.Helper()
	return slices.DeleteFunc(l.Audit(t, region), func(event AuditEvent) bool {
		return !event.isWrite() || !event.byOperator() || !strings.Contains(event.UserAgent, agent) || event.Received.Before(since)
	})
}

// Audit returns all requests that a region's API server has answered.
func (l *Lab) Audit(t testing.TB, region string) []AuditEvent {
	t.Helper()
	data, err := os.ReadFile(l.Region(t, region).AuditLog)
	if err != nil {
		t.Fatal(err)
	}
	events, err := parseAudit(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("the audit log of %s: %v", region, err)
	}
	return events
}

// parseAudit reads finished requests. A last line without its end is being
// written right now, and is left out.
func parseAudit(r io.Reader) ([]AuditEvent, error) {
	var events []AuditEvent
	reader := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		var event AuditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if event.Stage == "ResponseComplete" || event.Stage == "Panic" {
			events = append(events, event)
		}
	}
}

func (e AuditEvent) isWrite() bool {
	switch e.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
	default:
		return false
	}
	return !strings.HasPrefix(e.ObjectRef.Resource, "selfsubject")
}

// byOperator leaves out what the lab and Kubernetes itself do.
func (e AuditEvent) byOperator() bool {
	return e.User.Username != "lab" && e.User.Username != "system:apiserver"
}
