package cluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// UnreachableError says, in plain words, why a region's cluster does not answer as it should. It wraps the cause.
type UnreachableError struct {
	Context  string // the kubeconfig context
	Reason   string // what is wrong and what to do about it
	NoAnswer bool   // set if the API server did not respond at all, not even with a refusal
	cause    error
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("context %q: %s", e.Context, e.Reason) }
func (e *UnreachableError) Unwrap() error { return e.cause }

// Explain turns a connection's error into an *UnreachableError that says what is wrong and what to type next. It
// returns any other error unchanged, for example that an object does not exist.
func Explain(err error, context string) error {
	var explained *UnreachableError
	if err == nil || errors.As(err, &explained) {
		return err
	}
	if reason, noAnswer := reasonOf(err); reason != "" {
		return &UnreachableError{Context: context, Reason: reason, NoAnswer: noAnswer, cause: err}
	}
	return err
}

func reasonOf(err error) (reason string, noAnswer bool) {
	var (
		dns       *net.DNSError
		unknownCA x509.UnknownAuthorityError
		wrongHost x509.HostnameError
		invalid   x509.CertificateInvalidError
		network   *net.OpError
	)
	switch {
	case apierrors.IsUnauthorized(err):
		return "the API server does not accept the credentials (401): log in to the cluster again, then try `kubectl get namespaces`", false
	case apierrors.IsForbidden(err):
		return fmt.Sprintf("the API server refuses it (403): %v", err), false
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "not contacted, because this machine allows no more open files: raise the limit (`ulimit -n`), or lower --concurrency", false
	case errors.As(err, &network) && network.Op == "proxyconnect":
		return fmt.Sprintf("the proxy that HTTPS_PROXY, or the kubeconfig, names cannot be reached: %v", network.Err), false
	case errors.As(err, &dns):
		return fmt.Sprintf("the API server's host %q cannot be resolved: are you on the right network or VPN?", dns.Name), true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at the API server's address (connection refused): is the cluster up, and the address in the kubeconfig right?", true
	case errors.As(err, &unknownCA):
		return "the API server's certificate is signed by an unknown authority: the certificate-authority in the kubeconfig is another one", false
	case errors.As(err, &wrongHost):
		return fmt.Sprintf("the API server's certificate is for another name: %v", wrongHost), false
	case errors.As(err, &invalid):
		return fmt.Sprintf("the API server's certificate is not valid: %v", invalid), false
	case errors.Is(err, exec.ErrNotFound), strings.Contains(err.Error(), "executable") && strings.Contains(err.Error(), "not found"):
		return fmt.Sprintf("the credentials plugin that the kubeconfig names is not installed: %v", err), false
	case strings.Contains(err.Error(), "getting credentials"):
		return fmt.Sprintf("the credentials plugin failed: %v", err), false
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), utilnet.IsTimeout(err):
		return "the API server did not answer in time: is the cluster up, and are you on the right network or VPN?", true
	case errors.As(err, &network) && network.Op == "dial":
		return fmt.Sprintf("the API server's address cannot be reached (%v): are you on the right network or VPN?", network.Err), true
	default:
		return "", false
	}
}
