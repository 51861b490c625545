// Where a browser opens the city's wallet, on its own origin.

/** @param offer `openid-credential-offer://…` */
export function walletOfferLink(walletUrl: string, offer: string): string {
  return `${walletUrl}/#/offer?uri=${encodeURIComponent(offer)}`;
}

/** @param request `openid4vp://…` */
export function walletRequestLink(walletUrl: string, request: string): string {
  return `${walletUrl}/#/present?request=${encodeURIComponent(request)}`;
}
