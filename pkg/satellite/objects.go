package satellite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// objects reads the chart's objects in a namespace.
type objects struct {
	client    kubernetes.Interface
	namespace string
}

// existing returns the object that a request returned; nil if it does not exist.
func existing[T any](object *T, err error) (*T, error) {
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	default:
		return object, nil
	}
}

// namespacePhase returns the namespace's phase; empty if it does not exist.
func (o objects) namespacePhase(ctx context.Context) (string, error) {
	found, err := existing(o.client.CoreV1().Namespaces().Get(ctx, o.namespace, metav1.GetOptions{}))
	switch {
	case apierrors.IsForbidden(err):
		return string(corev1.NamespaceActive), nil // nothing contradicts it
	case found == nil:
		return "", err
	default:
		return string(found.Status.Phase), nil
	}
}

// deployment returns the satellite's Deployment; nil if it does not exist.
func (o objects) deployment(ctx context.Context) (*appsv1.Deployment, error) {
	return existing(o.client.AppsV1().Deployments(o.namespace).Get(ctx, Workload, metav1.GetOptions{}))
}

func (o objects) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := existing(o.client.CoreV1().Pods(o.namespace).List(ctx, metav1.ListOptions{LabelSelector: "coder.deployment=" + Workload}))
	if list == nil {
		return nil, err
	}
	return list.Items, nil
}

// blocker returns what keeps the satellite from being ready now; nil if it is ready.
func (o objects) blocker(ctx context.Context) (*BlockedError, error) {
	deployment, err := o.deployment(ctx)
	if err != nil {
		return nil, err
	}
	pods, err := o.pods(ctx)
	if err != nil {
		return nil, err
	}
	return o.blocked(ctx, deployment, pods), nil
}

// blocked is blockerOf with the object's last event.
func (o objects) blocked(ctx context.Context, deployment *appsv1.Deployment, pods []corev1.Pod) *BlockedError {
	blocked := blockerOf(deployment, pods)
	if blocked != nil {
		blocked.LastEvent = o.lastEvent(ctx, blocked.Object)
	}
	return blocked
}

func (o objects) lastEvent(ctx context.Context, object string) string {
	kind, name, _ := strings.Cut(object, " ")
	list, err := o.client.CoreV1().Events(o.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fmt.Sprintf("involvedObject.kind=%s,involvedObject.name=%s", kind, name),
	})
	if err != nil || len(list.Items) == 0 {
		return ""
	}
	last := slices.MaxFunc(list.Items, func(a, b corev1.Event) int { return eventTime(&a).Compare(eventTime(&b).Time) })
	return last.Message
}

func eventTime(event *corev1.Event) *metav1.Time {
	switch {
	case !event.LastTimestamp.IsZero():
		return &event.LastTimestamp
	case !event.EventTime.IsZero():
		return &metav1.Time{Time: event.EventTime.Time}
	default:
		return &event.CreationTimestamp
	}
}

// ingressName is the Ingress that ingress.enable makes (coder/enterprise-helm, templates/ingress.yaml).
const ingressName = "coderd-ingress"

// exposure returns the addresses of what leads to the satellite, and its name: the Service, if it is a load balancer,
// else the chart's Ingress. Without either, such as with a gateway of the operator's own, the cluster knows no address.
// It takes one request, or two without a load balancer.
func (o objects) exposure(ctx context.Context) (at []string, of string, err error) {
	service, err := existing(o.client.CoreV1().Services(o.namespace).Get(ctx, Workload, metav1.GetOptions{}))
	if service == nil {
		return nil, "", err
	}
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer {
		return addresses(service.Status.LoadBalancer.Ingress), "Service " + Workload, nil
	}
	ingress, err := existing(o.client.NetworkingV1().Ingresses(o.namespace).Get(ctx, ingressName, metav1.GetOptions{}))
	switch {
	case apierrors.IsForbidden(err), ingress == nil && err == nil: // then only the access URL is known
		return nil, "", nil
	case err != nil:
		return nil, "", err
	}
	var points []corev1.LoadBalancerIngress
	for _, point := range ingress.Status.LoadBalancer.Ingress {
		points = append(points, corev1.LoadBalancerIngress{IP: point.IP, Hostname: point.Hostname})
	}
	return addresses(points), "Ingress " + ingressName, nil
}

// addresses returns the points' IP addresses, then their names.
func addresses(points []corev1.LoadBalancerIngress) []string {
	var ips, names []string
	for _, point := range points {
		ips, names = append(ips, point.IP), append(names, point.Hostname)
	}
	return slices.DeleteFunc(slices.Concat(ips, names), func(address string) bool { return address == "" })
}
