package satellite

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ingressName is the Ingress that the chart makes with ingress.enable
// (coder/enterprise-helm, templates/ingress.yaml).
const ingressName = "coderd-ingress"

// exposure returns the addresses of what leads to the satellite, and its name:
// the Service, if it asks for a load balancer, else the chart's Ingress. Without
// either, users come in a way that the cluster gives no address to, such as a
// gateway of the operator's own. It takes one request, or two without a load balancer.
func (o objects) exposure(ctx context.Context) (addresses []string, of string, err error) {
	service, err := o.client.CoreV1().Services(o.namespace).Get(ctx, workloadName, metav1.GetOptions{})
	if err != nil {
		return nil, "", absent(err)
	}
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer {
		return serviceAddresses(service), "Service " + workloadName, nil
	}
	ingress, err := o.client.NetworkingV1().Ingresses(o.namespace).Get(ctx, ingressName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err): // nothing but the access URL tells then
		return nil, "", nil
	case err != nil:
		return nil, "", err
	default:
		return ingressAddresses(ingress), "Ingress " + ingressName, nil
	}
}

func serviceAddresses(service *corev1.Service) []string {
	var ips, names []string
	for _, point := range service.Status.LoadBalancer.Ingress {
		ips, names = append(ips, point.IP), append(names, point.Hostname)
	}
	return inOrder(ips, names)
}

func ingressAddresses(ingress *networkingv1.Ingress) []string {
	var ips, names []string
	for _, point := range ingress.Status.LoadBalancer.Ingress {
		ips, names = append(ips, point.IP), append(names, point.Hostname)
	}
	return inOrder(ips, names)
}

// inOrder returns what there is: IP addresses, then names.
func inOrder(ips, names []string) []string {
	return slices.DeleteFunc(slices.Concat(ips, names), func(address string) bool { return address == "" })
}
